"""A Twilio account on localhost, as strict as the real one for what Dripstone asks of it.

Fault points: messages (a message is posted), list (messages are looked up), and api for whichever
comes next. Besides the kinds of ``faults.py``: code (``value``: an error code of Twilio, with 400).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from hmac import compare_digest
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from starters.sandbox.credentials import TwilioSecrets
from starters.sandbox.faults import Fault, Faults
from starters.sandbox.log import Log
from starters.sandbox.strike import Strikes

_LONGEST = 1600
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_KNOWN = {"To", "From", "MessagingServiceSid", "Body", "StatusCallback"}
_ASKED = {"To", "From", "PageSize"}
_SIGNED_OFF = {20003: 401, 20404: 404, 20429: 429}


class _Denied(Exception):
    """One of Twilio's error codes."""


class TwilioSandbox:
    """One account; its messages come back from the log at a start."""

    def __init__(self, log: Log, faults: Faults, secrets: TwilioSecrets) -> None:
        self._log = log
        self._secrets = secrets
        self._strikes = Strikes("twilio", faults, log, _refuse)
        found = [e["details"] for e in log.entries() if e["vendor"] == "twilio"]
        self._messages: list[dict[str, Any]] = [one for one in found if "sid" in one]
        self._stopped: set[tuple[str, str]] = set()

    def messages(self) -> list[dict[str, Any]]:
        """Every message, oldest first: sid, to, from, body, date_created, status_callback."""
        return list(self._messages)

    def opt_out(self, sender: str, number: str) -> None:
        """Whoever has the number has answered STOP to the sender."""
        self._stopped.add((sender, number))

    def sign(self, url: str, form: Mapping[str, str]) -> str:
        """The X-Twilio-Signature of a webhook that this account posts."""
        text = url + "".join(f"{name}{form[name]}" for name in sorted(form))
        digest = hmac.new(self._secrets.auth_token.encode(), text.encode(), hashlib.sha1)
        return base64.b64encode(digest.digest()).decode()

    def routes(self) -> list[BaseRoute]:
        """The vendor's own paths."""
        path = "/2010-04-01/Accounts/{account}/Messages.json"
        return [Route(path, self._post, methods=["POST"]), Route(path, self._list)]

    async def _post(self, request: Request) -> Response:
        return await self._strikes.around(
            request, ("messages", "api"), lambda: self._answer_post(request)
        )

    async def _list(self, request: Request) -> Response:
        return await self._strikes.around(
            request, ("list", "api"), lambda: self._answer_list(request)
        )

    async def _answer_post(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        try:
            self._admit(request)
            message = self._message(form)
        except _Denied as denied:
            return self._deny(int(denied.args[0]))
        self._log.append("twilio", "message", **message)
        self._messages.append(message)
        return JSONResponse(_shown(message), status_code=201)

    async def _answer_list(self, request: Request) -> Response:
        asked = dict(request.query_params)
        try:
            self._admit(request)
            if set(asked) - _ASKED:
                raise _Denied(20001)
        except _Denied as denied:
            return self._deny(int(denied.args[0]))
        found = [
            _shown(one)
            for one in reversed(self._messages)
            if one["to"] == asked.get("To", one["to"])
            and one["from"] == asked.get("From", one["from"])
        ]
        return JSONResponse({"messages": found[: int(asked.get("PageSize", "50"))]})

    def _admit(self, request: Request) -> None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        login = f"{self._secrets.account_sid}:{self._secrets.auth_token}"
        expected = base64.b64encode(login.encode()).decode()
        if scheme != "Basic" or not compare_digest(given.encode(), expected.encode()):
            raise _Denied(20003)
        if request.path_params["account"] != self._secrets.account_sid:
            raise _Denied(20404)

    def _message(self, form: Mapping[str, str]) -> dict[str, Any]:
        to, body = form.get("To", ""), form.get("Body", "")
        sender, service = form.get("From", ""), form.get("MessagingServiceSid", "")
        checks = (
            (bool(set(form) - _KNOWN), 20001),
            (not to, 21604),
            (not (sender or service), 21603),
            (not body.strip(), 21602),
            (len(body) > _LONGEST, 21617),
            (not _NUMBER.fullmatch(to), 21211),
            (bool(sender) and sender not in self._secrets.numbers, 21606),
            (bool(service) and service != self._secrets.service, 21606),
            (((sender or self._secrets.numbers[0]), to) in self._stopped, 21610),
        )
        for wrong, code in checks:
            if wrong:
                raise _Denied(code)
        number = len(self._messages) + 1
        return {
            "sid": f"SM{number:032x}",
            "to": to,
            "from": sender or self._secrets.numbers[0],
            "messaging_service_sid": service or None,
            "body": body,
            "status": "queued",
            "date_created": format_datetime(datetime.now(UTC)),
            "status_callback": form.get("StatusCallback"),
        }

    def _deny(self, code: int) -> Response:
        self._log.append("twilio", "refused", code=code)
        return _error(code, _SIGNED_OFF.get(code, 400))


def _shown(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message as the account sees it; Twilio does not tell its status address again."""
    shown = {name: value for name, value in message.items() if name != "status_callback"}
    return shown | {"direction": "outbound-api", "error_code": None}


def _error(code: int, status: int, headers: dict[str, str] | None = None) -> Response:
    body = {"code": code, "message": f"error {code} about this number", "status": status}
    return JSONResponse(body, status_code=status, headers=headers)


def _refuse(request: Request, point: str, fault: Fault) -> Response:
    if fault.kind == "rate_limit":
        return _error(20429, 429, {"Retry-After": str(int(fault.value or 1))})
    if fault.kind == "code":
        return _error(int(fault.value or 21610), 400)
    status = int(fault.value or 503)
    return _error(20500, status)
