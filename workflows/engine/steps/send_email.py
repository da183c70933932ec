"""send_email: one mail to the lead, from a pinned template version."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from workflows.engine.base import Frozen, Name
from workflows.engine.effects import AskReview
from workflows.engine.effects import SendEmail as SendEmailEffect
from workflows.engine.steps.base import BaseStep, Do, Moment, Move

FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")]


class MergeTag(Frozen):
    """What a merge tag of the template stands for: a field of the lead, and what if it is empty."""

    field: FieldName | None = None
    default: str | None = Field(default=None, min_length=1, max_length=500)


class SendEmail(BaseStep):
    """Send a mail. ``thread: true`` (the default) replies to the campaign's last mail, if any.

    ``recipient_field`` is the field of the lead that holds the address. ``merge_tags`` are those
    of the template, ``first_name`` for ``{{ lead.first_name }}``, that mean something else here.
    """

    kind: Literal["send_email"]
    template: Name
    thread: bool = True
    recipient_field: FieldName = "email"
    merge_tags: dict[FieldName, MergeTag] = {}

    def enter(self, moment: Moment) -> Move:
        """Ask for the mail to be sent."""
        threaded = self.thread and moment.sends > moment.texts
        effect = self._mail((moment.enrollment, moment.entry), moment.visit, threaded)
        effect = effect.model_copy(update={"not_after": moment.window_ends})
        number = moment.sends - moment.texts + 1
        return Do(effect, f"E-mail {number}: {self.name or self.template}")

    def mail_to_review(self, asked: AskReview) -> SendEmailEffect:
        """The mail that the visit would send which a review is asked of."""
        return self._mail((asked.enrollment, asked.entry), asked.of_visit, self.thread)

    def _mail(self, whose: tuple[str, int], visit: int, threaded: bool) -> SendEmailEffect:
        effect = SendEmailEffect(
            kind="send_email",
            enrollment=whose[0],
            entry=whose[1],
            step=self.id,
            visit=visit,
            template=self.template,
            thread=threaded,
        )
        if self.recipient_field == "email":  # what was never set is left out of histories
            return effect
        return effect.model_copy(update={"recipient_field": self.recipient_field})
