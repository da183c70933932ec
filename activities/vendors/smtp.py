"""Sending mail over SMTP (RFC 5321), one message and one recipient a connection, phase by phase.

Until the message content is written, a failure means surely not sent; after that, a lost answer
means perhaps sent. The client library's own ``send`` does not tell these two apart.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import re
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Literal

import aiosmtplib
from aiosmtplib import SMTPConnectError, SMTPException, SMTPResponseException

from activities.errors import failure
from activities.vendors.ports import HandOver, NoSuchMailbox, Receipt, VendorFailure

_GOODBYE = 2.0  # seconds for QUIT; the message is accepted by then
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"^\.", re.M)
_QUEUE_ID = re.compile(r"(?:queued as|InternalId=|\bid=|queue(?:d| id)?[:=])\s*([\w.-]+)", re.I)
_NO_MAILBOX = ("550", "551", "553")
_POLICY = re.compile(r"\b5\.7\.")  # RFC 3463: about the sender, so the recipient may well exist
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")


@dataclass(frozen=True)
class SmtpMailer:
    """A ``Mailer`` for one SMTP account.

    ``timeout`` bounds the time up to the server's go-ahead (354), and once more the time from
    the content to its answer. ``ca_file`` names a certificate authority of one's own (PEM).
    ``password`` is never shown.
    """

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Literal["none", "starttls", "tls"] = "starttls"
    timeout: timedelta = timedelta(seconds=10)
    ca_file: Path | None = None

    async def send(self, message: EmailMessage, hand_over: HandOver) -> Receipt:
        """Send ``message`` to its one To address; ``hand_over`` is awaited before its content.

        Raises NotYet or Never when the message was surely not accepted, Unclear when the answer
        to its content was lost. What ``hand_over`` raises passes through, and nothing was sent.
        """
        sender, recipient = _envelope(message)
        content = _content(message)
        talk = _Conversation(self._client())
        try:
            async with talk.surely_not_sent(self.timeout):
                await self._sign_on(talk)
                await talk.offer(sender, recipient)
            await hand_over()
            reference = await talk.transmit(content, self.timeout)
            await talk.say_goodbye()
            return Receipt(reference)
        finally:
            talk.client.close()

    async def probe(self) -> None:
        """Connect, agree on TLS, log in and leave. Raises NotYet or Never."""
        talk = _Conversation(self._client())
        try:
            async with talk.surely_not_sent(self.timeout):
                await self._sign_on(talk)
            await talk.say_goodbye()
        finally:
            talk.client.close()

    async def _sign_on(self, talk: _Conversation) -> None:
        client = talk.client
        await client.connect()
        talk.phase = "EHLO"
        await client.ehlo()
        if self.tls == "starttls":
            talk.phase = "STARTTLS"
            if not client.supports_extension("starttls"):
                raise failure("smtp", "tls", "the server offers no STARTTLS; set TLS to fit it")
            await client.starttls()
            await client.ehlo()
        if self.username is not None:
            talk.phase = "AUTH"
            if not client.supported_auth_methods:
                raise failure("smtp", "504", "the server offers no login; set TLS or no username")
            await client.login(self.username, self.password or "")

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            local_hostname=socket.gethostname(),
            use_tls=self.tls == "tls",
            start_tls=False,
            timeout=self.timeout.total_seconds(),
            tls_context=None if self.tls == "none" else _trust(self.ca_file),
        )


@dataclass
class _Conversation:
    """One connection and the SMTP phase it is in."""

    client: aiosmtplib.SMTP
    phase: str = "connect"

    async def offer(self, sender: str, recipient: str) -> None:
        """MAIL, RCPT and DATA up to the go-ahead."""
        self.phase = "MAIL"
        await self.client.mail(sender)
        self.phase = "RCPT"
        await self.client.rcpt(recipient)
        self.phase = "DATA"
        code, text = await self.client.execute_command(b"DATA")
        if code != 354:
            raise SMTPResponseException(code, text)

    async def transmit(self, content: bytes, timeout: timedelta) -> str:
        """Write the content with its final dot and read the verdict; the queue id of a 250."""
        protocol = self.client.protocol
        async with self.surely_not_sent(timeout):
            if protocol is None:
                raise aiosmtplib.SMTPServerDisconnected("lost before the content")
            protocol.write(content)
        self.phase = "the final dot"
        with self._perhaps_sent():
            code, text = await protocol.read_response(timeout=timeout.total_seconds())
            if not 200 <= code < 300:
                raise SMTPResponseException(code, text)
        return _reference(text)

    async def say_goodbye(self) -> None:
        """QUIT; whatever goes wrong here, the message has been accepted."""
        with contextlib.suppress(SMTPException, OSError):
            await self.client.quit(timeout=_GOODBYE)

    @contextlib.asynccontextmanager
    async def surely_not_sent(self, timeout: timedelta) -> AsyncIterator[None]:
        """Turn every failure of the block into NotYet or Never."""
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                yield
        except (SMTPException, OSError, TimeoutError) as error:
            raise self._failure(error) from None

    @contextlib.contextmanager
    def _perhaps_sent(self) -> Iterator[None]:
        try:
            yield
        except (SMTPException, OSError, TimeoutError) as error:
            refused = isinstance(error, SMTPResponseException) and 400 <= error.code < 600
            raise self._failure(error, "no" if refused else "maybe") from None

    def _failure(self, error: Exception, done: Literal["no", "maybe"] = "no") -> VendorFailure:
        code, told = _code_of(error)
        told = f"{told} at {self.phase}"
        if self.phase == "RCPT" and code in _NO_MAILBOX and not _POLICY.search(told):
            return NoSuchMailbox("smtp", code, told)
        return failure("smtp", code, told, done=done)


def _code_of(error: Exception) -> tuple[str, str]:
    if isinstance(error, SMTPResponseException):
        if not 400 <= error.code < 600:
            return "unreadable_answer", "an answer that SMTP does not know here"
        # The server's text may hold addresses; its enhanced status code (RFC 3463) cannot.
        status = _ENHANCED.match(error.message.strip())
        return str(error.code), f"refused with {error.code}{f' {status.group()}' if status else ''}"
    causes = (error, error.__cause__)
    if any(isinstance(cause, ssl.SSLError) for cause in causes) and not _is_cut(causes):
        return "tls", "TLS could not be agreed (certificate, or the wrong TLS setting)"
    if isinstance(error, TimeoutError):
        return "timeout", "no answer in time"
    if isinstance(error, SMTPConnectError) and not isinstance(
        error.__cause__, aiosmtplib.SMTPServerDisconnected
    ):
        return "refused", "the server cannot be reached"
    return "disconnected", "the connection was lost"


def _is_cut(causes: tuple[BaseException | None, ...]) -> bool:
    return any(isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError) for cause in causes)


def _envelope(message: EmailMessage) -> tuple[str, str]:
    found = [
        [address.addr_spec for value in message.get_all(name, []) for address in value.addresses]
        for name in ("From", "To", "Cc", "Bcc")
    ]
    sender, recipient = found[0], found[1]
    if len(sender) != 1 or len(recipient) != 1 or found[2] or found[3]:
        raise failure("smtp", "553", "a message needs one From, one To, and no Cc or Bcc address")
    if not (sender[0] + recipient[0]).isascii() or re.search(r"[\s<>]", sender[0] + recipient[0]):
        raise failure("smtp", "553", "an address is not plain ASCII; use the ASCII form")
    return sender[0], recipient[0]


def _content(message: EmailMessage) -> bytes:
    """The bytes on the wire: CRLF lines, dots stuffed (RFC 5321, 4.5.2), final dot."""
    policy = message.policy.clone(linesep="\r\n", cte_type="7bit")
    lines = _LINE_END.sub(b"\r\n", message.as_bytes(policy=policy))
    whole = lines if lines.endswith(b"\r\n") else lines + b"\r\n"
    return _LEADING_DOT.sub(b"..", whole) + b".\r\n"


def _reference(text: str) -> str:
    """The queue id in the answer to the final dot, as a token; an address never gets in."""
    found = _QUEUE_ID.search(text)
    words = [found.group(1)] if found else [word for word in text.split() if "@" not in word]
    token = re.sub(r"[^A-Za-z0-9._-]+", "-", "-".join(words)).strip("-.")
    return token[:64] or "accepted"


@functools.lru_cache(maxsize=8)
def _trust(ca_file: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)
