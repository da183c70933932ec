"""Consents: which an automation's messages need, or why none; and what an event says of one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from workflows.engine.base import Frozen, Name
from workflows.engine.events import Event

Channel = Literal["email", "sms"]
"""The ways by which a message reaches a lead; a consent is given for each of its own."""

CHANNELS: tuple[Channel, ...] = get_args(Channel)

CHANNEL_OF: dict[str, Channel] = {
    "send_email": "email",
    "outreach_handover": "email",
    "send_sms": "sms",
}
"""The channel of each step kind that sends a message."""


class Consent(Frozen):
    """What a message needs. ``ignore: true`` asks for none, and says why and who approved it.

    Ignoring consents never beats a suppression: who opted out is not written to.
    """

    needs: tuple[Name, ...] = Field(default=(), max_length=20)
    ignore: bool = False
    reason: str | None = Field(default=None, min_length=10, max_length=500)
    approved_by: str | None = Field(default=None, min_length=2, max_length=200)

    @model_validator(mode="after")
    def _needs_or_ignores(self) -> Self:
        if bool(self.needs) == self.ignore:
            raise ValueError(
                "name the consents, 'needs: [newsletter]', or say 'ignore: true' with its 'reason' "
                "and 'approved_by'; not both"
            )
        if self.ignore and not (self.reason and self.approved_by):
            raise ValueError("'ignore: true' needs a 'reason' and 'approved_by'")
        if not self.ignore and (self.reason or self.approved_by):
            raise ValueError("'reason' and 'approved_by' go with 'ignore: true'")
        return self

    @property
    def ignored_because(self) -> str:
        """Who approved that no consent is asked for, and why; empty if consents are needed."""
        return f"approved by {self.approved_by}: {self.reason}" if self.ignore else ""


Said = Literal["given", "withdrawn"]


CONSENT_EVENTS: Mapping[str, Said] = {"consent_given": "given", "consent_withdrawn": "withdrawn"}
"""Events that say something of a consent; their data are ``consent`` and ``channel``."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True)
class Statement:
    """That a consent was given or withdrawn, when (None: now), on a channel."""

    consent: str
    state: Said
    at: datetime | None = None
    channel: Channel = "email"


def read_consent(event: Event) -> Statement | None:
    """What an event of ``CONSENT_EVENTS`` says; None if it does not say of which consent."""
    name, channel = event.data.get("consent"), event.data.get("channel", "email")
    known = next((one for one in CHANNELS if one == channel), None)
    if not isinstance(name, str) or not _NAME.fullmatch(name) or known is None:
        return None
    return Statement(name, CONSENT_EVENTS[event.kind], event.at, known)


def objection_to(event: Event) -> str:
    """What is wrong with an event that is to give a consent; a withdrawal is always heard."""
    if event.kind != "consent_given" or read_consent(event):
        return ""
    return f"says of which consent in its data: consent, and channel ({' or '.join(CHANNELS)})"
