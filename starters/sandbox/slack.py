"""A Slack workspace on localhost, as strict as the real one for what Dripstone asks of it.

Fault points: the method's name (chat.postMessage …), and api for whichever method comes next.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from hmac import compare_digest
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from starters.sandbox.credentials import SlackSecrets
from starters.sandbox.faults import Fault, Faults
from starters.sandbox.log import Log
from starters.sandbox.strike import Strikes

_LONGEST_TEXT = 40_000
_LONGEST_MARKDOWN = 12_000


class _Denied(Exception):
    """Slack's ``error`` for an answer with ok=false."""


class SlackSandbox:
    """One workspace with a bot; its members and messages come back from the log at a start."""

    def __init__(self, log: Log, faults: Faults, secrets: SlackSecrets) -> None:
        self._log = log
        self._secrets = secrets
        self._strikes = Strikes("slack", faults, log, _refuse)
        names = (*secrets.channels, *secrets.archived)
        self._channels = {f"C{number:08d}": name for number, name in enumerate(names, 1)}
        entries = [e for e in log.entries() if e["vendor"] == "slack"]
        self._users: dict[str, str] = {
            e["details"]["email"]: e["details"]["id"] for e in entries if e["action"] == "user"
        }
        self._messages: list[dict[str, Any]] = [
            e["details"] for e in entries if e["action"] == "post"
        ]

    def seed_user(self, email: str) -> str:
        """Put a member with this address in, once, and answer the id."""
        key = email.casefold()
        if key not in self._users:
            user = f"U{len(self._users) + 1:08d}"
            self._log.append("slack", "user", email=key, id=user)
            self._users[key] = user
        return self._users[key]

    def messages(self) -> list[dict[str, Any]]:
        """Every message, oldest first: channel (id), name, ts, text."""
        return list(self._messages)

    def routes(self) -> list[BaseRoute]:
        """The vendor's own paths; a client's base address ends in ``/api/``."""
        return [Route("/api/{method}", self._call, methods=["POST", "GET"])]

    async def _call(self, request: Request) -> Response:
        method = request.path_params["method"]
        return await self._strikes.around(
            request, (method, "api"), lambda: self._answer(request, method)
        )

    async def _answer(self, request: Request, method: str) -> Response:
        known: dict[str, Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]] = {
            "auth.test": self._test,
            "chat.postMessage": self._post,
            "users.lookupByEmail": self._lookup,
            "conversations.open": self._open,
        }
        try:
            # Methods that only read take no JSON.
            arguments = await _arguments(request, json_too=method != "users.lookupByEmail")
            self._admit(request, arguments)
            if method not in known:
                raise _Denied("unknown_method")
            answer = await known[method](arguments)
        except _Denied as denied:
            self._log.append("slack", "refused", method=method, error=denied.args[0])
            return JSONResponse({"ok": False, "error": denied.args[0]})
        return JSONResponse({"ok": True, **answer})

    def _admit(self, request: Request, arguments: dict[str, Any]) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        given = token if scheme == "Bearer" else str(arguments.get("token", ""))
        if not given:
            raise _Denied("not_authed")
        if not compare_digest(given.encode(), self._secrets.token.encode()):
            raise _Denied("invalid_auth")

    async def _test(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"team": "Sandbox", "team_id": "T00000001", "user": "dripstone", "user_id": "U0BOT"}

    async def _post(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(str(arguments.get("channel") or ""))
        text, markdown = str(arguments.get("text") or ""), arguments.get("markdown_text")
        if markdown and (text or arguments.get("blocks")):
            raise _Denied("markdown_text_conflict")
        if not (text or markdown or arguments.get("blocks") or arguments.get("attachments")):
            raise _Denied("no_text")
        if len(text) > _LONGEST_TEXT or len(str(markdown or "")) > _LONGEST_MARKDOWN:
            raise _Denied("msg_too_long")
        stamp = f"{time.time_ns() // 1_000_000_000}.{len(self._messages) + 1:06d}"
        name = self._channels.get(channel, channel)
        message = {"channel": channel, "name": name, "ts": stamp, "text": text or markdown or ""}
        self._log.append("slack", "post", **message)
        self._messages.append(message)
        shown = {"type": "message", "text": message["text"], "ts": stamp, "user": "U0BOT"}
        return {"channel": channel, "ts": stamp, "message": shown}

    async def _lookup(self, arguments: dict[str, Any]) -> dict[str, Any]:
        email = str(arguments.get("email") or "").casefold()
        if email not in self._users:
            raise _Denied("users_not_found")
        return {"user": {"id": self._users[email], "profile": {"email": email}}}

    async def _open(self, arguments: dict[str, Any]) -> dict[str, Any]:
        user = str(arguments.get("users") or "")
        if user not in self._users.values():
            raise _Denied("user_not_found")
        return {"channel": {"id": f"D{user[1:]}"}}

    def _channel(self, asked: str) -> str:
        """The id of a channel named by id or name, or of a member's direct messages."""
        by_name = {f"#{name}": number for number, name in self._channels.items()}
        number = by_name.get(f"#{asked.removeprefix('#')}", asked)
        direct = {f"D{user[1:]}" for user in self._users.values()}
        if number in self._users.values():
            number = f"D{number[1:]}"
        if number not in self._channels and number not in direct:
            raise _Denied("channel_not_found")
        if self._channels.get(number) in self._secrets.archived:
            raise _Denied("is_archived")
        return number


async def _arguments(request: Request, *, json_too: bool) -> dict[str, Any]:
    kind = request.headers.get("content-type", "").partition(";")[0]
    raw = (await request.body()).decode()
    # The SDK calls a method without arguments with the type of JSON and an empty body.
    if kind != "application/json" or not raw:
        pairs = {**parse_qs(request.url.query), **parse_qs(raw)}
        return {name: values[0] for name, values in pairs.items()}
    if not json_too:
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        raise _Denied("invalid_json") from None
    if not isinstance(body, dict):
        raise _Denied("json_not_object")
    return body


def _refuse(request: Request, point: str, fault: Fault) -> Response:
    if fault.kind == "rate_limit":
        wait = {"Retry-After": str(int(fault.value or 1))}
        return JSONResponse({"ok": False, "error": "ratelimited"}, status_code=429, headers=wait)
    status = int(fault.value or 503)
    error = "service_unavailable" if status == 503 else "internal_error"
    return JSONResponse({"ok": False, "error": error}, status_code=status)
