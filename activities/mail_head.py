"""What a mail's head says: the mailbox it leaves from, its address, the subject of a reply.

Also what a person must mend where it cannot be written, or must not leave.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from activities.errors import as_application_error
from activities.ledger.connections import Mailbox
from activities.ledger.effects import EffectRow
from activities.ledger.leads import is_sample
from activities.ledger.recipients import recipient_of
from activities.mail_footer import WHAT, Footer
from activities.scene import Scene
from activities.vendors.ports import Never
from workflows.engine.effects import SendEmail


def address_of(effect: SendEmail, scene: Scene) -> str:
    """The lead's address; a sample lead's mails go to the sample mailbox of the center."""
    if not is_sample(scene.lead.lead):
        return _recipient(effect, scene)
    samples = scene.accounts.samples
    if samples is None:
        text = "the connections file names no samples.address: add it to the center, then retry"
        raise as_application_error(Never("dripstone", "no_sample_mailbox", text))
    return str(samples.address)


def _recipient(effect: SendEmail, scene: Scene) -> str:
    address = recipient_of(scene.lead, effect.recipient_field)
    if address is None:
        said = f"the lead has {nowhere(effect)}: add one, then retry"
        raise as_application_error(Never("dripstone", "no_address", said))
    return address


def nowhere(effect: SendEmail) -> str:
    """That there is no address, and in which field none was found."""
    return f"no e-mail address in its field {effect.recipient_field!r}"


def lacks_address(effect: SendEmail, scene: Scene, row: EffectRow | None) -> bool:
    """Whether a mail that has not been written yet has nowhere to go."""
    if is_sample(scene.lead.lead) or (row and row.payload):
        return False
    return recipient_of(scene.lead, effect.recipient_field) is None


def not_a_message(error: ValidationError) -> Never:
    """What of the mail cannot be sent, by field; the values themselves are personal."""
    problems = error.errors(include_input=False, include_url=False, include_context=False)
    told = "; ".join(f"{'.'.join(map(str, one['loc']))} {one['msg']}" for one in problems)
    return Never("dripstone", "message", f"{told}: mend the lead or the template, then retry")


def refuse_without_footer(mail: Mapping[str, Any], mailbox: Mailbox) -> None:
    """Let no mail leave whose reader sees no way out, or not where its sender is.

    Raises:
        ApplicationError: of type ``Never``: what each part lacks.
    """
    footer = Footer(mail["unsubscribe_url"], mailbox.postal_address)
    lacking = [
        f"{part}: {WHAT[field]}" for part, field in footer.missing_in(mail["text"], mail["html"])
    ]
    if lacking:
        told = f"the mail would leave without what every mail must show ({'; '.join(lacking)})"
        mend = "mend the template, publish and migrate, then retry"
        raise as_application_error(Never("dripstone", "footer", f"{told}: {mend}"))


def sender_of(effect: SendEmail, scene: Scene, earlier: list[EffectRow]) -> str:
    """The mailbox that the lead's thread began with, if it may still be used; else its share."""
    campaign = scene.version.definition.campaign
    if campaign is None:
        return "default"
    used = (str(row.payload.get("mailbox")) for row in reversed(earlier))
    kept = next((name for name in used if name in campaign.mailboxes), None)
    return kept or campaign.sender_for(effect.enrollment, effect.entry)


def reply_subject(first: EffectRow) -> str:
    """The subject of a mail that answers in the thread that ``first`` began."""
    subject = str(first.payload["mail"]["subject"])
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"
