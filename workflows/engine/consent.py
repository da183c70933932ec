"""The ``consent:`` block: which named consents the messages of an automation need, or why none."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from workflows.engine.base import Frozen, Name

Channel = Literal["email", "sms"]
"""The ways by which a message reaches a lead; a consent is given for each of its own."""

CHANNEL_OF: dict[str, Channel] = {"send_email": "email", "send_sms": "sms"}
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
