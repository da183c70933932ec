"""A running mail sandbox and a mailer that speaks to it, for the tests of both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest

from activities.message import MessageParts, compose
from activities.vendors.ports import VendorFailure
from activities.vendors.smtp import SmtpMailer
from starters.sandbox.faults import Faults
from starters.sandbox.log import Log
from starters.sandbox.mail import MailSandbox
from tests.patience import PATIENCE

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
ENOUGH = timedelta(milliseconds=500)
LONG = timedelta(seconds=PATIENCE)


class Observed(SmtpMailer):
    """A mailer at whose connection a test can look."""

    client: aiosmtplib.SMTP

    def _client(self) -> aiosmtplib.SMTP:
        self.client = super()._client()
        return self.client


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
        self.answers_within: timedelta | None = None
        self.mailer = Observed("127.0.0.1", port, tls="none", timeout=LONG)

    async def send(self, timeout: timedelta = LONG, message: EmailMessage | None = None) -> str:
        """Send one; the answer to its content is awaited for ``answers_within``, if it is set."""
        self.mailer = Observed("127.0.0.1", self.port, tls="none", timeout=timeout)
        return (await self.mailer.send(message or compose(PARTS), self._hand_over)).reference

    async def failure(self, timeout: timedelta = LONG) -> VendorFailure:
        with pytest.raises(VendorFailure) as caught:
            await self.send(timeout)
        return caught.value

    async def _hand_over(self) -> None:
        await self.watch()
        if self.answers_within is not None:
            # A mailer is as patient before the content as after it, and only this is to be short.
            object.__setattr__(self.mailer, "timeout", self.answers_within)


@asynccontextmanager
async def open_post(directory: Path, **options: Any) -> AsyncIterator[Post]:
    """A sandbox with its inbox and log below ``directory``; ``options`` go to MailSandbox."""
    log = Log(directory / "log.jsonl")
    sandbox = MailSandbox(directory / "mail", log, Faults(), **options)
    yield Post(sandbox, await sandbox.start())
    await sandbox.stop()
    log.close()
