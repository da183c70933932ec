"""A HubSpot portal on localhost, as strict as the real one for what Dripstone asks of it.

Fault points: contacts, meetings, owners, timeline, associations, and api for whichever comes next.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from hmac import compare_digest
from typing import Any
from uuid import uuid4

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from starters.sandbox.credentials import HubspotSecrets
from starters.sandbox.faults import Fault, Faults
from starters.sandbox.hubspot_requests import PROPERTIES, Batch, Change, Event
from starters.sandbox.log import Log
from starters.sandbox.strike import Strikes

_UNIQUE = ("dripstone_key",)
_OUTCOMES = ("SCHEDULED", "COMPLETED", "RESCHEDULED", "NO_SHOW", "CANCELED")
_TOKENS = ("title", "text", "link")
_POLICIES = {1: "SECONDLY", 10: "TEN_SECONDLY_ROLLING", 86400: "DAILY"}

Row = dict[str, Any]


class _Denied(Exception):
    """An HTTP status, a category, a message."""


class HubspotSandbox:
    """One portal; its contacts, meetings, users and events come back from the log at a start."""

    template = "1234567"

    def __init__(self, log: Log, faults: Faults, secrets: HubspotSecrets) -> None:
        self._log = log
        self._secrets = secrets
        self._strikes = Strikes("hubspot", faults, log, _refuse)
        self._rows: dict[str, dict[str, Row]] = {
            name: {} for name in ("contacts", "meetings", "owners", "events", "links")
        }
        for entry in log.entries():
            if entry["vendor"] == "hubspot" and entry["action"] in self._rows:
                self._rows[entry["action"]][entry["details"]["id"]] = entry["details"]["row"]

    def seed_contact(self, **properties: str) -> str:
        """Put a contact in and answer its id."""
        return self._write("contacts", None, properties)

    def seed_owner(self, email: str) -> str:
        """Put a user in, who can own records, and answer the owner id."""
        return self._put("owners", str(7001 + len(self._rows["owners"])), {"email": email})

    def rows(self, name: str) -> list[Row]:
        """Everything of one sort (contacts, meetings, events, links), with its id."""
        return [{"id": number, **row} for number, row in self._rows[name].items()]

    def routes(self) -> list[BaseRoute]:
        """The vendor's own paths."""
        objects = "/crm/v3/objects/{object}"
        link = "/crm/v4/objects/meetings/{id}/associations/default/contacts/{contact}"
        events = "/integrators/timeline/v3/events"
        guarded = self._guarded
        return [
            Route(f"{objects}/batch/upsert", guarded("", self._upsert), methods=["POST"]),
            Route(f"{objects}/{{id}}", guarded("", self._update), methods=["PATCH"]),
            Route("/crm/v3/owners/", guarded("owners", self._owners), methods=["GET"]),
            Route(events, guarded("timeline", self._event), methods=["POST"]),
            Route(link, guarded("associations", self._link), methods=["PUT"]),
        ]

    def _guarded(
        self, point: str, work: Callable[[Request], Awaitable[tuple[int, Row]]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            named = point or str(request.path_params["object"])

            async def answer() -> Response:
                try:
                    self._admit(request)
                    status, body = await work(request)
                except ValidationError as error:
                    return self._deny(named, 400, "VALIDATION_ERROR", f"{error.error_count()} bad")
                except _Denied as denied:
                    return self._deny(named, *denied.args)
                return JSONResponse(body, status_code=status)

            return await self._strikes.around(request, (named, "api"), answer)

        return endpoint

    def _deny(self, point: str, status: int, category: str, message: str) -> Response:
        self._log.append("hubspot", "refused", point=point, category=category)
        return JSONResponse(_error(message, category=category), status_code=status)

    def _admit(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not compare_digest(token.encode(), self._secrets.token.encode()):
            raise _Denied(401, "INVALID_AUTHENTICATION", "Authentication credentials not found")

    async def _upsert(self, request: Request) -> tuple[int, Row]:
        name = _object(request)
        batch = Batch.model_validate_json(await request.body())
        answers = []
        for one in batch.inputs:
            if one.idProperty not in _UNIQUE:
                raise _Denied(400, "VALIDATION_ERROR", f"{one.idProperty} is not unique")
            known = self._holder(name, one.idProperty, one.id)
            number = self._write(name, known, {**one.properties, one.idProperty: one.id})
            answers.append({"id": number, "new": known is None, **self._shown(name, number)})
        return 200, {"status": "COMPLETE", "results": answers}

    async def _update(self, request: Request) -> tuple[int, Row]:
        name, number = _object(request), request.path_params["id"]
        change = Change.model_validate_json(await request.body())
        self._needed(name, number)
        self._write(name, number, change.properties)
        return 200, {"id": number, **self._shown(name, number)}

    async def _owners(self, request: Request) -> tuple[int, Row]:
        wanted = request.query_params.get("email", "").casefold()
        found = [row for row in self.rows("owners") if wanted in ("", row["email"].casefold())]
        return 200, {"results": [{**row, "archived": False} for row in found]}

    async def _event(self, request: Request) -> tuple[int, Row]:
        event = Event.model_validate_json(await request.body())
        if event.eventTemplateId != self.template:
            raise _Denied(404, "OBJECT_NOT_FOUND", "No event template has this id")
        if unknown := set(event.tokens) - set(_TOKENS):
            raise _Denied(400, "VALIDATION_ERROR", f"no such tokens: {sorted(unknown)}")
        self._needed("contacts", event.objectId)
        self._put("events", event.id, event.model_dump(mode="json", exclude={"id"}))
        return 201, {"id": event.id, "eventTemplateId": event.eventTemplateId}

    async def _link(self, request: Request) -> tuple[int, Row]:
        meeting, contact = request.path_params["id"], request.path_params["contact"]
        self._needed("meetings", meeting)
        self._needed("contacts", contact)
        self._put("links", f"{meeting}-{contact}", {"meeting": meeting, "contact": contact})
        return 200, {"status": "COMPLETE", "results": []}

    def _write(self, name: str, number: str | None, properties: Mapping[str, str]) -> str:
        for one in properties:
            if one not in PROPERTIES[name]:
                raise _Denied(400, "VALIDATION_ERROR", _no_such_property(one))
        outcome = properties.get("hs_meeting_outcome", "SCHEDULED")
        if outcome not in _OUTCOMES:
            raise _Denied(400, "VALIDATION_ERROR", "hs_meeting_outcome: not an option")
        for one in ("email", *_UNIQUE):
            value = properties.get(one)
            holder = self._holder(name, one, value) if value else None
            if holder not in (None, number):
                message = f"Contact already exists. Existing ID: {holder}"
                raise _Denied(409, "CONFLICT", message)
        number = number or str(51 + sum(len(self._rows[one]) for one in PROPERTIES))
        known = self._rows[name].get(number, {})
        return self._put(name, number, {**known, **properties})

    def _holder(self, name: str, field: str, value: str) -> str | None:
        rows = self._rows[name].items()
        wanted = value.casefold()
        return next((n for n, row in rows if row.get(field, "").casefold() == wanted), None)

    def _needed(self, name: str, number: str) -> None:
        if number not in self._rows[name]:
            raise _Denied(404, "OBJECT_NOT_FOUND", f"No {name} with ID {number} exists")

    def _shown(self, name: str, number: str) -> Row:
        return {"properties": self._rows[name][number], "archived": False}

    def _put(self, name: str, number: str, row: Row) -> str:
        self._log.append("hubspot", name, id=number, row=row)
        self._rows[name][number] = row
        return number


def _object(request: Request) -> str:
    name = str(request.path_params["object"])
    if name not in PROPERTIES:
        raise _Denied(404, "OBJECT_NOT_FOUND", "Unable to infer object type")
    return name


def _no_such_property(name: str) -> str:
    quoted = f'\\"{name}\\"'
    return (
        'Property values were not valid: [{"isValid":false,"message":"Property '
        f'{quoted} does not exist","error":"PROPERTY_DOESNT_EXIST","name":"{name}"}}]'
    )


def _error(message: str, **more: str) -> Row:
    return {"status": "error", "message": message, "correlationId": str(uuid4()), **more}


def _refuse(request: Request, point: str, fault: Fault) -> Response:
    if fault.kind == "rate_limit":
        policy = _POLICIES[int(fault.value or 10)]
        message = f"You have reached your {policy.lower()} limit."
        body = _error(message, errorType="RATE_LIMIT", policyName=policy)
        return JSONResponse(body, status_code=429)
    if fault.kind == "multi_status":
        errors = [_error("Contact already exists.", category="CONFLICT")]
        return JSONResponse({"status": "COMPLETE", "results": [], "errors": errors}, 207)
    status = int(fault.value or 503)
    return JSONResponse(_error("internal error"), status_code=status)
