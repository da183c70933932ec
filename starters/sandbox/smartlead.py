"""A Smartlead account on localhost, strict about what Dripstone asks, which 'sends' by itself.

Fault points: find, add, pause, resume, remove, and api for whichever call comes next. A lead is
mailed once with each call of ``tick`` unless it is paused or gone; every mail is in the log.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from starters.sandbox.credentials import SmartleadSecrets
from starters.sandbox.faults import Fault, Faults
from starters.sandbox.log import Log
from starters.sandbox.strike import Strikes

_FIELDS = {
    *("email", "first_name", "last_name", "phone_number", "company_name", "website"),
    *("location", "linkedin_profile", "company_url", "custom_fields"),
}
_MOST_LEADS = 400
_COUNTS = (
    *("upload_count", "total_leads", "already_added_to_campaign", "duplicate_count"),
    *("invalid_email_count", "block_count", "bounce_count"),
)


class _Denied(Exception):
    """The status and the ``message`` of a refusal."""


@dataclass(slots=True)
class Member:
    """One lead in one campaign."""

    id: int
    email: str
    campaign: int
    custom_fields: dict[str, str] = field(default_factory=dict)
    sent: int = 0
    status: str = "STARTED"


class SmartleadSandbox:
    """One account with its campaigns. Leads live as long as the process; mails are in the log."""

    def __init__(self, log: Log, faults: Faults, secrets: SmartleadSecrets) -> None:
        self._log = log
        self._secrets = secrets
        self._strikes = Strikes("smartlead", faults, log, _refuse)
        self._members: dict[tuple[int, str], Member] = {}
        self._ids: dict[str, int] = {}

    def members(self, email: str) -> list[Member]:
        """The lead of that address in each of its campaigns."""
        return [one for one in self._members.values() if one.email == email.casefold()]

    def mails(self, email: str) -> list[dict[str, Any]]:
        """The mails 'sent' to an address, oldest first."""
        return [
            entry["details"]
            for entry in self._log.entries()
            if (entry["vendor"], entry["action"]) == ("smartlead", "sent")
            and entry["details"]["email"] == email.casefold()
        ]

    def tick(self) -> int:
        """Let the campaigns send what is due: one mail to each lead that is not stopped."""
        due = [one for one in self._members.values() if one.status == "STARTED"]
        for one in due:
            one.sent += 1
            told = {"email": one.email, "campaign": one.campaign, "number": one.sent}
            self._log.append("smartlead", "sent", **told)
            if one.sent == self._secrets.mails:
                one.status = "COMPLETED"
        return len(due)

    async def send_due(self, _request: Request) -> Response:
        """The lever for ``tick``."""
        return JSONResponse({"sent": self.tick()})

    def routes(self) -> list[BaseRoute]:
        """The vendor's own paths; a client's base address ends in ``/api/v1``."""
        place = "/api/v1/campaigns/{campaign:int}/leads"
        return [
            self._route("/api/v1/leads/", "find", self._find, "GET"),
            self._route(place, "add", self._add, "POST"),
            self._route(f"{place}/{{lead:int}}/pause", "pause", self._pause, "POST"),
            self._route(f"{place}/{{lead:int}}/resume", "resume", self._resume, "POST"),
            self._route(f"{place}/{{lead:int}}", "remove", self._remove, "DELETE"),
        ]

    def _route(
        self, path: str, point: str, work: Callable[[Request], Awaitable[Any]], method: str
    ) -> Route:
        async def answer(request: Request) -> Response:
            async def carry_out() -> Response:
                try:
                    self._admit(request)
                    return JSONResponse(await work(request))
                except _Denied as denied:
                    status, message = denied.args
                    self._log.append("smartlead", "refused", point=point, message=message)
                    return _error(status, message)

            return await self._strikes.around(request, (point, "api"), carry_out)

        return Route(path, answer, methods=[method])

    def _admit(self, request: Request) -> None:
        given = request.query_params.get("api_key", "")
        if not compare_digest(given.encode(), self._secrets.api_key.encode()):
            raise _Denied(401, "Invalid API key")

    async def _find(self, request: Request) -> Any:
        found = self.members(request.query_params.get("email", ""))
        if not found:
            return {}
        places = [{"campaign_id": one.campaign, "status": one.status} for one in found]
        own = found[-1].custom_fields
        return {
            "id": str(found[0].id),
            "email": found[0].email,
            "custom_fields": own,
            "lead_campaign_data": places,
        }

    async def _add(self, request: Request) -> Any:
        campaign = int(request.path_params["campaign"])
        rows = _leads_of(await request.body())
        if campaign not in self._secrets.campaigns:
            raise _Denied(404, "Campaign not found - Invalid campaign_id")
        counts = dict.fromkeys(_COUNTS, 0)
        for row in rows:
            counts["total_leads"] += 1
            counts[self._import(campaign, row)] += 1
        return {"ok": True, **counts, "unsubscribed_leads": [], "is_lead_limit_exhausted": False}

    def _import(self, campaign: int, row: dict[str, Any]) -> str:
        email = str(row["email"]).casefold()
        if "@" not in email:
            return "invalid_email_count"
        if (campaign, email) in self._members:
            return "already_added_to_campaign"
        if self.members(email):
            return "duplicate_count"
        number = self._ids.setdefault(email, len(self._ids) + 101)
        own = {str(k): str(v) for k, v in (row.get("custom_fields") or {}).items()}
        self._members[campaign, email] = Member(number, email, campaign, own)
        self._log.append("smartlead", "added", email=email, campaign=campaign)
        return "upload_count"

    async def _pause(self, request: Request) -> Any:
        member = self._member(request)
        if member.sent >= self._secrets.mails - 1:
            raise _Denied(500, "Lead is on the last step")
        return self._now(member, "PAUSED")

    async def _resume(self, request: Request) -> Any:
        return self._now(self._member(request), "STARTED")

    async def _remove(self, request: Request) -> Any:
        member = self._member(request)
        self._now(member, "REMOVED")
        del self._members[member.campaign, member.email]
        return {"ok": True, "data": "success"}

    def _now(self, member: Member, status: str) -> Any:
        member.status = status
        told = {"email": member.email, "campaign": member.campaign, "status": status}
        self._log.append("smartlead", "status", **told)
        return {"ok": True, "data": "success"}

    def _member(self, request: Request) -> Member:
        campaign, lead = request.path_params["campaign"], request.path_params["lead"]
        for one in self._members.values():
            if (one.campaign, one.id) == (campaign, lead):
                return one
        raise _Denied(404, "Lead not found in the campaign")


def _leads_of(body: bytes) -> list[dict[str, Any]]:
    try:
        asked = json.loads(body)
    except ValueError:
        raise _Denied(400, "the body is no JSON") from None
    rows = asked.get("lead_list") if isinstance(asked, dict) else None
    if not isinstance(rows, list) or not 1 <= len(rows) <= _MOST_LEADS:
        raise _Denied(400, f'"lead_list" must contain 1 to {_MOST_LEADS} leads')
    for row in rows:
        if unknown := sorted(set(row) - _FIELDS):
            raise _Denied(400, f'"lead_list[0].{unknown[0]}" is not allowed')
        if not row.get("email"):
            raise _Denied(400, '"lead_list[0].email" is required')
    return rows


def _error(status: int, message: str) -> Response:
    name = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found"}.get(status, "Server Error")
    return JSONResponse({"statusCode": status, "error": name, "message": message}, status)


def _refuse(_request: Request, _point: str, fault: Fault) -> Response:
    if fault.kind == "rate_limit":
        wait = int(fault.value or 1)
        error = {"code": "RATE_LIMIT_EXCEEDED", "retry_after": wait}
        return JSONResponse({"error": error}, 429, headers={"Retry-After": str(wait)})
    return _error(int(fault.value or 503), "out of order")
