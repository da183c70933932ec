"""notify: tell the team, in its chat, by mail, or with an alert here."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, model_validator

from workflows.engine.effects import Notify as NotifyEffect
from workflows.engine.effects import NotifyVia
from workflows.engine.steps.base import BaseStep, Do, Moment, Move

OWNER = "owner"
_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


class Notify(BaseStep):
    """Tell the team. ``subject`` and ``text`` may use the lead's fields as ``{{ lead.x }}``.

    ``via: slack`` (the default) posts to ``channel``; ``teams`` to the channel of the configured
    webhook; ``email`` mails ``to``, an address or ``owner``, who looks after the lead; ``app`` puts
    an alert on the list of ``dripstone alerts``.
    """

    kind: Literal["notify"]
    via: NotifyVia = "slack"
    channel: str | None = Field(default=None, min_length=1, max_length=80)
    to: str | None = Field(default=None, max_length=254)
    subject: str | None = Field(default=None, min_length=1, max_length=255)
    text: str = Field(min_length=1, max_length=3000)

    @model_validator(mode="after")
    def _says_where(self) -> Notify:
        if (self.via == "slack") != (self.channel is not None):
            raise ValueError("'channel' is for Slack, which needs it: the name or id of a channel")
        if (self.via == "email") != (self.to is not None):
            raise ValueError("'to' is for 'via: email', which needs it: an address, or: owner")
        if self.to is not None and self.to != OWNER and not _ADDRESS.fullmatch(self.to):
            raise ValueError("'to' must be one address such as ada@example.com, or: owner")
        if self.subject is not None and self.via in ("slack", "app"):
            raise ValueError("'subject' is for 'via: email' and 'via: teams' only")
        return self

    def enter(self, moment: Moment) -> Move:
        """Ask for the team to be told."""
        effect = NotifyEffect(
            kind="notify",
            enrollment=moment.enrollment,
            entry=moment.entry,
            step=self.id,
            visit=moment.visit,
            text=self.text,
            **self._said,
        )
        return Do(effect, f"Tell {self._whom}")

    @property
    def _said(self) -> dict[str, Any]:
        """What the author wrote; a history holds nothing of what was left out."""
        return self.model_dump(include={"via", "channel", "to", "subject"}, exclude_defaults=True)

    @property
    def _whom(self) -> str:
        names = {"teams": "Teams", "app": "the team: app alert"}
        # Addresses stay out of what the web UI shows.
        mailed = "the owner by e-mail" if self.to == OWNER else "a colleague by e-mail"
        return self.channel or names.get(self.via, mailed)
