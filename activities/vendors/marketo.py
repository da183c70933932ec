"""Marketo over its REST API: leads and program memberships. It answers 200 to nearly everything.

Sources: Marketo REST documentation, authentication, error codes, leads, program members.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from activities.errors import failure
from activities.vendors.ports import Receipt, RecordKey, VendorFailure
from activities.vendors.rest import Call, Web

_STALE = ("601", "602")
_QUOTA = "607"
_ALREADY = "1037"
_EARLY_SECONDS = 60.0
_AT_ONCE = 8
"""Marketo serves ten calls at a time, to everybody who has an account for its API."""
_MIDNIGHT_IN = ZoneInfo("America/Chicago")

_ADVICE = {
    "603": "check the permissions of the API user's role",
    "1003": "check the values against the types of the fields",
    "1004": "the lead is not there any more: skip the step, or push it under another key",
    "1006": "check the API names of the fields in the connections file",
    "1007": "several leads there have this key: merge them",
    "1013": "check the number of the program",
    "1025": "the program's channel has no such status: correct the step",
}


class MarketoLogin(BaseModel):
    """Where the instance is, and the credentials of a LaunchPoint service of type Custom."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = Field(pattern=r"^https?://[^/\s?#]+(/[^\s?#]*)?$")
    client_id: str
    client_secret: SecretStr


class Marketo:
    """``LeadSystem`` and ``Memberships``; safe to share between tasks of one event loop.

    All calls can be repeated: by the id, by our key, or because the status is there already. But
    two creations of one key at the same time make two leads, so the caller keeps those apart.
    Raises NotYet or Never, and nothing else.
    """

    def __init__(self, login: MarketoLogin, seconds: float = 15.0) -> None:
        self._login = login
        self._web = Web("marketo", login.base_url, seconds)
        self._signing = asyncio.Lock()
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._token = ""
        self._good_until = 0.0

    async def push(self, which: RecordKey, fields: Mapping[str, Any]) -> Receipt:
        """Update the lead by its id, else create or update it by our key. The receipt is its id."""
        if which.record:
            by = {"action": "updateOnly", "lookupField": "id"}
            row: dict[str, Any] = {"id": _number(which.record)}
        else:
            by = {"action": "createOrUpdate", "lookupField": which.key_field}
            row = {which.key_field: which.key}
        body = {**by, "input": [{**fields, **row}]}
        call = Call("upsert of a lead", "POST", "/rest/v1/leads.json", body=body)
        result = await self._one(call)
        return Receipt(str(result["id"]), str(result["status"]))

    async def add_member(self, group: str, record: str, status: str | None) -> Receipt:
        """Give the lead a status in a program, by which it becomes a member."""
        path = f"/rest/v1/programs/{_number(group)}/members/status.json"
        body = {"statusName": status or "Member", "input": [{"leadId": _number(record)}]}
        call = Call("change of a program status", "POST", path, body=body)
        try:
            result = await self._one(call)
        except VendorFailure as refusal:
            if refusal.code != _ALREADY:
                raise
            return Receipt(f"{group}/{record}", "had this status or a later one")
        return Receipt(f"{group}/{record}", str(result["status"]))

    async def probe(self) -> None:
        """Log in anew: nothing is written. Raises as every call."""
        async with self._signing:
            await self._sign_in()

    async def _one(self, call: Call) -> dict[str, Any]:
        """The row of a call about one record; Marketo calls a refused row skipped."""
        answer = await self._ask(call)
        rows = answer.get("result")
        if not isinstance(rows, list) or not rows or "status" not in rows[0]:
            raise failure("marketo", "unreadable_answer", f"{call.what} was answered without a row")
        if rows[0]["status"] == "skipped":
            raise _refused(call, rows[0].get("reasons"))
        return dict(rows[0])

    async def _ask(self, call: Call) -> dict[str, Any]:
        async with self._turn:
            return await self._ask_twice(call)

    async def _ask_twice(self, call: Call) -> dict[str, Any]:
        token = await self._signed_in(stale="")
        answer = await self._answer(call, token)
        if _code(answer.get("errors")) in _STALE:
            # Refused as a whole and not carried out, so it can be repeated.
            token = await self._signed_in(stale=token)
            answer = await self._answer(call, token)
        if answer.get("success") is not True:
            raise _refused(call, answer.get("errors"))
        return answer

    async def _answer(self, call: Call, token: str) -> dict[str, Any]:
        response = await self._web.ask(call, token)
        if response.status_code != 200:
            raise self._web.unusable(call, response)
        return self._web.document(call, response)

    async def _signed_in(self, stale: str) -> str:
        """The token, asked for anew if it is about to end or is the ``stale`` one."""
        async with self._signing:
            if not self._token or self._token == stale or time.monotonic() > self._good_until:
                await self._sign_in()
            return self._token

    async def _sign_in(self) -> None:
        # By POST: a secret in an address would end up in logs.
        form = {
            "grant_type": "client_credentials",
            "client_id": self._login.client_id,
            "client_secret": self._login.client_secret.get_secret_value(),
        }
        call = Call("login", "POST", "/identity/oauth/token", form=form)
        response = await self._web.ask(call)
        if response.status_code == 401:
            message = "login was refused: check DRIPSTONE_MARKETO__CLIENT_ID and __CLIENT_SECRET"
            raise failure("marketo", "invalid_client", message)
        if response.status_code != 200:
            raise self._web.unusable(call, response)
        granted = self._web.document(call, response)
        if not isinstance(granted.get("access_token"), str):
            raise failure("marketo", "unreadable_answer", "login was answered without a token")
        # Asked again before its end, Marketo answers the same token with the rest of its life.
        life = max(float(granted.get("expires_in") or 0), _EARLY_SECONDS + 1)
        self._token = granted["access_token"]
        self._good_until = time.monotonic() + life - _EARLY_SECONDS


def until_midnight(now: datetime) -> timedelta:
    """How long until the daily quota begins anew: at midnight in Marketo's Central Time."""
    local = now.astimezone(_MIDNIGHT_IN)
    next_day = local.date() + timedelta(days=1)
    midnight = datetime(next_day.year, next_day.month, next_day.day, tzinfo=_MIDNIGHT_IN)
    return midnight.astimezone(UTC) - now


def _refused(call: Call, errors: Any) -> VendorFailure:
    # Marketo's own messages are not repeated: they quote the values that were written.
    code = _code(errors) or "unreadable_answer"
    advice = f": {_ADVICE[code]}" if code in _ADVICE else ""
    wait = until_midnight(datetime.now(UTC)) if code == _QUOTA else None
    return failure("marketo", code, f"{call.what} was refused{advice}", retry_after=wait)


def _code(errors: Any) -> str:
    first = errors[0] if isinstance(errors, list) and errors else None
    return str(first.get("code") or "") if isinstance(first, dict) else ""


def _number(text: str) -> int:
    if not text.isdecimal():
        raise failure("marketo", "not_an_id", "Marketo's ids are numbers, and this is none")
    return int(text)
