"""The text message of one visit of one step, as it would leave. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from activities.ledger.connections import CenterConnections
from activities.ledger.leads import Lead
from activities.phone_numbers import NotAPhoneNumber, e164
from activities.sms_text import LONGEST, segments_of
from activities.templates import Template, TemplateProblem, render
from workflows.engine.effects import SendSms

UNREACHABLE = "the lead's {field!r} takes no text message: {why}"


@dataclass(frozen=True, slots=True)
class Addressed:
    """The number a message would go to (E.164), or why there is none."""

    number: str | None
    problem: str = ""


def number_of(effect: SendSms, lead: Lead, accounts: CenterConnections) -> Addressed:
    """Where the message of a step would go."""
    field = effect.recipient_field
    try:
        return Addressed(e164(lead.merge_fields.get(field), accounts.phone_region))
    except NotAPhoneNumber as problem:
        return Addressed(None, UNREACHABLE.format(field=field, why=problem))


def text_payload(
    effect: SendSms, lead: Lead, accounts: CenterConnections, default_sender: str
) -> dict[str, Any]:
    """From, to, text and segments; without a number only why it cannot be sent.

    Raises:
        TemplateProblem: its text cannot be filled in, is empty then, or too long.
    """
    addressed = number_of(effect, lead, accounts)
    if addressed.number is None:
        return {"problem": addressed.problem}
    template = Template(name=effect.step, subject="-", text=effect.text, html=None)
    text = render(template, {"lead": lead.merge_fields}).text.strip()
    if not text or len(text) > LONGEST:
        what = f"the text is {len(text)} characters long when filled in"
        raise TemplateProblem(f"step {effect.step}", what, f"make it 1 to {LONGEST}")
    segments = segments_of(text)
    return {
        "from": accounts.sms_sender or default_sender,
        "to": addressed.number,
        "text": text,
        "segments": segments.count,
        "encoding": segments.encoding,
    }


def text_hash(payload: dict[str, Any]) -> str:
    """SHA-256 (hex) over from, to and text; empty for what cannot be sent."""
    if "to" not in payload:
        return ""
    seen = "\n".join(payload[name] for name in ("from", "to", "text"))
    return sha256(seen.encode("utf-8", "replace")).hexdigest()
