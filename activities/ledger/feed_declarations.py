"""Feeds: by what replies, bounces and opt-outs come in, as the connections file declares it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from workflows.engine.base import Name
from workflows.engine.durations import Duration

Channel = Literal["email", "sms"]


class Feed(BaseModel):
    """One way by which leads' answers come in. Messages wait while it is not heard of.

    Heard of it is by a heartbeat (``push``: whoever delivers the events sends one) or by a poll
    that worked (``poll``). The last of these may be ``max_age`` old. It concerns every message of
    the center, or only those of ``channels``, of ``automations``, and mails from ``mailboxes``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["push", "poll"] = "push"
    max_age: Duration = Field(ge=timedelta(seconds=30), le=timedelta(days=7))
    channels: tuple[Channel, ...] = ("email", "sms")
    mailboxes: tuple[str, ...] = ()
    automations: tuple[Name, ...] = ()

    def concerns(self, channel: Channel | None, automation: str, mailbox: str | None) -> bool:
        """Whether answers to such a message may come in by this feed; None is any."""
        if self.automations and automation not in self.automations:
            return False
        if self.mailboxes and (channel == "sms" or (mailbox and mailbox not in self.mailboxes)):
            return False
        return channel is None or channel in self.channels


def check_mailboxes(feeds: Mapping[str, Feed], mailboxes: Collection[str]) -> None:
    """A mailbox that is misspelt would be sent from with nobody listening.

    Raises:
        ValueError: a feed names a mailbox that there is not.
    """
    for name, feed in feeds.items():
        for mailbox in feed.mailboxes:
            if mailbox not in mailboxes:
                raise ValueError(f"feeds.{name}: there is no mailbox {mailbox!r} in this center")
