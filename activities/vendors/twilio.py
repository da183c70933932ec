"""Text messages over Twilio's REST API. A message cannot be sent safely twice, only looked up."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from activities.errors import failure
from activities.vendors.http_calls import Call, ask, refusal
from activities.vendors.ports import HandOver, Receipt, TextMessage, VendorFailure

BASE_URL = "https://api.twilio.com"
_SEND, _LOOK = timedelta(seconds=12), timedelta(seconds=6)
_SID = re.compile(r"[SM]M[0-9a-f]{32}")
_SERVICE = re.compile(r"MG[0-9a-f]{32}")
_LOOKED_AT = 50
_EARLIER = timedelta(seconds=5)
"""Twilio's clock may be behind ours by so much, and it tells whole seconds."""


class TwilioLogin(BaseModel):
    """The account, and what messages leave from: a number in E.164, a name, or a service (MG...).

    ``status_url`` is where Twilio tells what became of a message; None: nowhere.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    account_sid: str = Field(pattern=r"^AC[0-9a-f]{32}$")
    auth_token: SecretStr
    sender: str
    base_url: str = Field(default=BASE_URL, pattern=r"^https?://[^/\s?#]+(/\S*)?$")
    status_url: str | None = None


class Twilio:
    """``Texter`` over Twilio; safe to share between tasks. ``time_out`` is that of a message."""

    def __init__(self, login: TwilioLogin, time_out: timedelta = _SEND) -> None:
        self._login = login
        self._time_out = time_out
        base = login.base_url.rstrip("/")
        self._url = f"{base}/2010-04-01/Accounts/{login.account_sid}/Messages.json"

    @property
    def sender(self) -> str:
        """What messages leave from where a center names nothing of its own."""
        return self._login.sender

    async def send_text(self, message: TextMessage, hand_over: HandOver) -> Receipt:
        """Send one message; the receipt is its SID.

        Raises:
            NotYet, Never: it was surely not accepted. Unclear: the answer was lost.
        """
        sender = "MessagingServiceSid" if _SERVICE.fullmatch(message.sender) else "From"
        form = {"To": message.recipient, sender: message.sender, "Body": message.text}
        if self._login.status_url:
            # Twilio has no key of ours in its answers, but it tells us of the message under one.
            form["StatusCallback"] = f"{self._login.status_url}?{urlencode({'key': message.mark})}"
        call = self._call("a message", form=form)
        await hand_over()
        answer = await ask(call, self._time_out)
        found = _document(answer)
        if answer.status_code in (200, 201) and _SID.fullmatch(str(found.get("sid"))):
            return Receipt(str(found["sid"]))
        if answer.is_success:
            raise failure("twilio", "unreadable_answer", "a message got no SID", done="maybe")
        raise _refused(call, answer, found)

    async def find_text(
        self, message: TextMessage, since: datetime, known: Collection[str]
    ) -> Receipt | None:
        """The message, if Twilio has one like it since then that is not among ``known`` SIDs.

        Not to be found proves nothing: its list may lag behind. Raises NotYet or Never.
        """
        query = {"To": message.recipient, "PageSize": str(_LOOKED_AT)}
        call = self._call("the list of messages", query=query)
        answer = await ask(call, _LOOK)
        found = _document(answer)
        if answer.status_code != 200:
            raise _refused(call, answer, found)
        for one in found.get("messages") or ():
            if one.get("sid") not in known and _is_like(one, message, since - _EARLIER):
                return Receipt(str(one["sid"]))
        return None

    async def probe(self) -> None:
        """Read one line of the account's messages: nothing is sent. Raises NotYet or Never."""
        call = self._call("the list of messages", query={"PageSize": "1"})
        answer = await ask(call, _LOOK)
        if answer.status_code != 200:
            raise _refused(call, answer, _document(answer))

    def _call(
        self,
        what: str,
        form: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Call:
        return Call(
            vendor="twilio",
            what=what,
            method="GET" if form is None else "POST",
            url=self._url,
            repeatable=form is None,
            login=(self._login.account_sid, self._login.auth_token.get_secret_value()),
            query=query or {},
            form=form,
        )


def _document(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _refused(call: Call, answer: httpx.Response, found: Mapping[str, Any]) -> VendorFailure:
    # Its message may quote the number, its code cannot. A 5xx is not known to have done nothing,
    # whatever code it names.
    code = found.get("code")
    told = isinstance(code, int) and (answer.status_code < 500 or code == 20500)
    known = str(code) if told else ""
    advice = ""
    if answer.status_code == 401:
        advice = ": check DRIPSTONE_TWILIO__ACCOUNT_SID and DRIPSTONE_TWILIO__AUTH_TOKEN"
    elif known in ("21603", "21606", "21212", "21659"):
        advice = ": check DRIPSTONE_TWILIO__FROM"
    return refusal(call, answer, known, advice)


def _is_like(one: Mapping[str, Any], message: TextMessage, since: datetime) -> bool:
    sender = one.get("messaging_service_sid") or one.get("from")
    if one.get("direction") == "inbound" or message.sender not in (sender, one.get("from")):
        return False
    if str(one.get("body", "")).strip() != message.text.strip():
        return False
    if not _SID.fullmatch(str(one.get("sid"))) or one.get("status") == "failed":
        return False
    try:
        created = parsedate_to_datetime(str(one.get("date_created")))
    except ValueError:
        return False
    return created.tzinfo is not None and created >= since
