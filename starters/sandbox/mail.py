"""A real SMTP server for demo and tests, with an inbox on disk and faults to order.

Faults (vendor ``smtp``) strike at the points connect, ehlo, auth, mail, rcpt, data, before_dot,
after_dot and after_250. Kinds: drop (the connection is cut), status (refused with the reply code
``value``, 451 when missing), slow (silence for ``value`` seconds or until the faults are cleared,
then on as usual). At after_dot, drop and slow strike once the message is stored; status refuses it,
and it is not stored. before_dot and after_250 know drop and slow only.

Addresses that begin with ``nobody.`` are unknown here: RCPT answers 550 5.1.1, without a fault.
"""

from __future__ import annotations

import asyncio
import hmac
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import MISSING, SMTP, AuthResult, Envelope, LoginPassword, Session

from starters.sandbox.faults import Fault, Faults
from starters.sandbox.inbox import Inbox, StoredMail
from starters.sandbox.log import Log

VENDOR = "smtp"
UNKNOWN = "nobody."
_NAME = "sandbox.localhost"


@dataclass(frozen=True, slots=True)
class Account:
    """The one login that the sandbox then demands; without an account it takes any or none."""

    username: str
    password: str


class MailSandbox:
    """An SMTP server in the caller's event loop; accepted mail becomes ``directory/*.eml``."""

    def __init__(
        self,
        directory: Path,
        log: Log,
        faults: Faults,
        *,
        account: Account | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.inbox = Inbox(directory, log)
        self.faults = faults
        self.account = account
        self._tls = tls
        self._log = log
        self._server: asyncio.Server | None = None
        self._sessions: set[_Session] = set()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen in the running loop; the port (``port`` 0 picks a free one)."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, host, port)
        listening: int = self._server.sockets[0].getsockname()[1]
        return listening

    async def stop(self) -> None:
        """Stop listening and cut the open connections."""
        if self._server is None:
            return
        self._server.close()
        for session in list(self._sessions):
            session.cut()
        await self._server.wait_closed()
        while self._sessions:
            await asyncio.sleep(0)
        self._server = None

    def messages(self) -> list[StoredMail]:
        """Every accepted mail, oldest first, with those of earlier runs in this directory."""
        return self.inbox.messages()

    def refuse(self, point: str, answer: str) -> None:
        """Note in the log that a client was turned away."""
        self._log.append(VENDOR, "refused", point=point, answer=answer)

    def _session(self) -> _Session:
        return _Session(self, self._sessions, self._tls)


class _Session(SMTP):
    """One connection; the points that aiosmtpd's hooks do not reach are overridden here."""

    def __init__(
        self, sandbox: MailSandbox, open_sessions: set[_Session], tls: ssl.SSLContext | None
    ) -> None:
        self._sandbox = sandbox
        self._open = open_sessions
        super().__init__(
            _Hooks(sandbox),
            hostname=_NAME,
            ident="sandbox",
            tls_context=tls,
            auth_require_tls=False,
            authenticator=self.check_login,
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._open.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._open.discard(self)
        super().connection_lost(error)

    def cut(self) -> None:
        """Drop the connection without a word."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()

    async def strike(self, point: str) -> str | None:
        """Take the fault ordered for ``point`` and suffer it; an answer refuses the client."""
        fault = self._sandbox.faults.take(VENDOR, point)
        return None if fault is None else await self.suffer(point, fault)

    async def suffer(self, point: str, fault: Fault) -> str | None:
        """What ``fault`` does: an answer that refuses the client, silence, or a cut line."""
        if fault.kind == "status":
            answer = f"{int(fault.value or 451)} fault at {point}"
            self._sandbox.refuse(point, answer)
            return answer
        if fault.kind == "slow":
            await self._sandbox.faults.keep_waiting(float(fault.value or 0))
            return None
        if fault.kind != "drop":
            raise ValueError(f"smtp/{point}: no fault kind {fault.kind}; use drop, status or slow")
        self.cut()
        # Losing the connection cancels this task; nothing may be written before that.
        never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await never
        return None

    async def _handle_client(self) -> None:
        answer = await self.strike("connect")
        if answer is None:
            await super()._handle_client()
            return
        await self.push(answer)
        self._writer.close()

    async def smtp_DATA(self, arg: str) -> None:
        if answer := await self.strike("data"):
            await self.push(answer)
            return
        before = len(self._sandbox.messages())
        await super().smtp_DATA(arg)
        if len(self._sandbox.messages()) > before:
            await self.strike("after_250")

    async def push(self, status: Any) -> None:
        await super().push(status)
        if isinstance(status, str) and status.startswith("354"):
            fault = self._sandbox.faults.take(VENDOR, "before_dot")
            if fault is not None:
                if fault.kind == "drop":
                    await self._reader.readline()  # so that the cut falls into the content
                await self.suffer("before_dot", fault)

    def check_login(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any
    ) -> AuthResult:
        account = self._sandbox.account
        if account is None:
            return AuthResult(success=True)
        fits = isinstance(given, LoginPassword) and _same(account, given)
        return AuthResult(success=fits, handled=False)


class _Hooks:
    """The phases that aiosmtpd hands to its handler; a hook's answer is sent as it is."""

    def __init__(self, sandbox: MailSandbox) -> None:
        self._sandbox = sandbox

    async def handle_EHLO(
        self, server: _Session, session: Session, envelope: Envelope, name: str, lines: list[str]
    ) -> list[str]:
        if answer := await server.strike("ehlo"):
            return [answer]
        session.host_name = name
        return lines

    async def handle_AUTH(
        self, server: _Session, session: Session, envelope: Envelope, args: list[str]
    ) -> Any:
        return await server.strike("auth") or MISSING

    async def handle_MAIL(
        self, server: _Session, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if self._sandbox.account is not None and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if answer := await server.strike("mail"):
            return answer
        envelope.mail_from = address
        return "250 2.1.0 Ok"

    async def handle_RCPT(
        self, server: _Session, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if answer := await server.strike("rcpt"):
            return answer
        if address.lower().startswith(UNKNOWN):
            answer = f"550 5.1.1 <{address}>: User unknown"  # with the address, as servers do
            self._sandbox.refuse("rcpt", answer)
            return answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: _Session, session: Session, envelope: Envelope) -> str:
        fault = self._sandbox.faults.take(VENDOR, "after_dot")
        if fault is not None and fault.kind == "status":
            return str(await server.suffer("after_dot", fault))
        content = envelope.original_content or b""
        queue_id = self._sandbox.inbox.keep(content, envelope.mail_from or "", envelope.rcpt_tos)
        if fault is not None:
            await server.suffer("after_dot", fault)
        return f"250 2.0.0 Ok: queued as {queue_id}"


def _same(account: Account, given: LoginPassword) -> bool:
    names = hmac.compare_digest(account.username.encode(), given.login)
    return hmac.compare_digest(account.password.encode(), given.password) and names
