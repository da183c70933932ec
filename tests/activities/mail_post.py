"""A running mail sandbox and a mailer that speaks to it, for the tests of both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from activities.message import MessageParts, compose
from activities.vendors.ports import VendorFailure
from activities.vendors.smtp import SmtpMailer
from starters.sandbox.faults import Faults
from starters.sandbox.log import Log
from starters.sandbox.mail import MailSandbox

PARTS = MessageParts(
    from_address="ines@dripstone.example",
    from_name="Ines Röth",
    to_address="ada@lead.example",
    subject="Ground movement at Steinbruch Süd",
    text=".a line that begins with a dot\n..and one with two\n.\nÜber alles\n\n",
    html="<p>Grüße</p>\n",
    message_id="<k3y@dripstone.example>",
    date=datetime(2026, 11, 21, 9, 30, tzinfo=UTC),
    unsubscribe_url="https://mail.example/u/" + "t" * 90,
)
SHORT = timedelta(milliseconds=100)
ENOUGH = timedelta(milliseconds=600)
LONG = timedelta(seconds=10)


class Watch:
    """A ``hand_over`` that counts, and can refuse."""

    def __init__(self, sandbox: MailSandbox, refusal: Exception | None = None) -> None:
        self.calls = 0
        self.stored_before = 0
        self._sandbox = sandbox
        self._refusal = refusal

    async def __call__(self) -> None:
        self.calls += 1
        self.stored_before = len(self._sandbox.messages())
        if self._refusal is not None:
            raise self._refusal


class Post:
    """A running sandbox with its port, and the mailer that speaks to it."""

    def __init__(self, sandbox: MailSandbox, port: int) -> None:
        self.sandbox = sandbox
        self.port = port
        self.watch = Watch(sandbox)

    async def send(self, timeout: timedelta = LONG, message: EmailMessage | None = None) -> str:
        mailer = SmtpMailer("127.0.0.1", self.port, tls="none", timeout=timeout)
        return (await mailer.send(message or compose(PARTS), self.watch)).reference

    async def failure(self, timeout: timedelta = LONG) -> VendorFailure:
        with pytest.raises(VendorFailure) as caught:
            await self.send(timeout)
        return caught.value


@asynccontextmanager
async def open_post(directory: Path, **options: Any) -> AsyncIterator[Post]:
    """A sandbox with its inbox and log below ``directory``; ``options`` go to MailSandbox."""
    log = Log(directory / "log.jsonl")
    sandbox = MailSandbox(directory / "mail", log, Faults(), **options)
    yield Post(sandbox, await sandbox.start())
    await sandbox.stop()
    log.close()
