"""Smartlead over its REST API: leads are put into campaigns, paused, resumed and taken out.

The API key travels in the query of every call (the vendor knows no other way), so it is added
below the client that logs addresses, and no error quotes one. Source: api.smartlead.ai.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from activities.errors import failure
from activities.vendors.ports import LentLead, VendorFailure

KEY_FIELD = "dripstone_key"
"""The custom field that carries our key, at the lead and in what the vendor reports of it."""

_TIME_OUT_SECONDS = 8.0
_NAMES = {
    "first_name": "first_name",
    "last_name": "last_name",
    "company": "company_name",
    "website": "website",
    "phone": "phone_number",
}
"""Fields of a lead, and how the vendor calls them; others would fail the import."""

_WHY_NOT = (
    ("duplicate_count", "in_other_campaign"),
    ("invalid_email_count", "invalid_email"),
    ("unsubscribed_leads", "unsubscribed_there"),
    ("block_count", "blocked"),
    ("bounce_count", "bounced_there"),
    ("is_lead_limit_exhausted", "lead_limit"),
)
"""Counts in the answer to an import, and what each says of the one lead in it."""


_PRIVATE = "dripstone.private"
"""The request's extension that carries parameters which no log may show."""


class SmartleadLogin(BaseModel):
    """Where Smartlead is, and the key for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key: SecretStr
    base_url: str = Field(
        default="https://server.smartlead.ai/api/v1", pattern=r"^https?://[^/\s?#]+(/[^\s?#]*)?$"
    )


class _Keyed(httpx.AsyncBaseTransport):
    """Adds key and parameters on the way out: who logs or quotes a request has not seen them."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        private = {**request.extensions.get(_PRIVATE, {}), "api_key": self._key.get_secret_value()}
        url = request.url.copy_merge_params(private)
        keyed = httpx.Request(
            request.method,
            url,
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        return await self._inner.handle_async_request(keyed)

    async def aclose(self) -> None:
        await self._inner.aclose()


class Smartlead:
    """``Outreach`` over Smartlead. Raises NotYet or Never; every call may be made again."""

    def __init__(self, login: SmartleadLogin, time_out_seconds: float = _TIME_OUT_SECONDS) -> None:
        self._login = login
        self._time_out = time_out_seconds

    async def find_lead(self, campaign: int, email: str) -> LentLead | None:
        """The lead in that campaign. The vendor answers ``{}`` for one that it does not know."""
        found = await self._call("GET", "/leads/", params={"email": email})
        places = found.get("lead_campaign_data") or []
        if "id" not in found or campaign not in [place.get("campaign_id") for place in places]:
            return None
        own = found.get("custom_fields") or {}
        return LentLead(str(found["id"]), str(own.get(KEY_FIELD) or ""))

    async def add_lead(self, campaign: int, lead: Mapping[str, Any], key: str) -> None:
        """Import one lead; ``lead`` has ``email`` and perhaps more fields."""
        known = {_NAMES[name]: str(lead[name]) for name in _NAMES if lead.get(name)}
        others = {
            name: str(value)
            for name, value in lead.items()
            if name not in (*_NAMES, "email") and value not in (None, "")
        }
        row = {"email": lead["email"], **known, "custom_fields": {**others, KEY_FIELD: key}}
        answer = await self._call("POST", f"/campaigns/{campaign}/leads", json={"lead_list": [row]})
        if answer.get("upload_count") or answer.get("already_added_to_campaign"):
            return
        code = next((code for name, code in _WHY_NOT if answer.get(name)), "not_taken")
        raise failure("smartlead", code, f"campaign {campaign} did not take the lead")

    async def probe(self) -> None:
        """Look for a lead that nobody is: nothing is changed. Raises as every call."""
        await self._call("GET", "/leads/", params={"email": "nobody@example.invalid"})

    async def pause_lead(self, campaign: int, lead: str) -> bool:
        """Pause. A lead on the last step of its sequence cannot be: the vendor answers 500."""
        try:
            await self._call("POST", f"/campaigns/{campaign}/leads/{lead}/pause")
        except VendorFailure as refusal:
            if refusal.code in ("http_500", "http_404"):
                return False
            raise
        return True

    async def resume_lead(self, campaign: int, lead: str) -> None:
        """Resume at once."""
        body = {"resume_lead_with_delay_days": 0}
        await self._call("POST", f"/campaigns/{campaign}/leads/{lead}/resume", json=body)

    async def remove_lead(self, campaign: int, lead: str) -> None:
        """Delete the lead from the campaign."""
        try:
            await self._call("DELETE", f"/campaigns/{campaign}/leads/{lead}")
        except VendorFailure as refusal:
            if refusal.code != "http_404":
                raise

    async def _call(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        transport = _Keyed(self._login.api_key)
        url = f"{self._login.base_url.rstrip('/')}{path}"
        try:
            async with httpx.AsyncClient(transport=transport, timeout=self._time_out) as client:
                hidden = {_PRIVATE: params or {}}
                answer = await client.request(method, url, json=json, extensions=hidden)
        # "from None": an address would be kept in workflow history, and it is personal here.
        except httpx.HTTPError as error:
            raise _unanswered(error) from None
        return _read(answer)


def _read(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code == 200:
        try:
            found = answer.json() if answer.content.strip() else {}
        except ValueError:
            raise failure("smartlead", "unreadable_answer", "not JSON") from None
        return found if isinstance(found, dict) else {}
    if answer.status_code == 429:
        wait = answer.headers.get("retry-after", "")
        after = timedelta(seconds=int(wait)) if wait.isdigit() else None
        raise failure("smartlead", "http_429", "asks to wait", retry_after=after)
    if answer.status_code in (401, 403):
        message = "the key was refused: check DRIPSTONE_SMARTLEAD__API_KEY"
        raise failure("smartlead", "invalid_api_key", message)
    raise failure("smartlead", f"http_{answer.status_code}", "the call was refused")


def _unanswered(error: httpx.HTTPError) -> VendorFailure:
    if isinstance(error, httpx.TimeoutException):
        code = "timeout"
    elif "CERTIFICATE" in str(error).upper():
        code = "tls"
    else:
        code = "refused" if isinstance(error, httpx.ConnectError) else "disconnected"
    return failure("smartlead", code, "no usable answer")
