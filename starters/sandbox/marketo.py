"""A Marketo instance on localhost, as strict as the real one for what Dripstone asks of it.

Fault points: login, leads, program, and api for whichever of the last two comes next.
"""

from __future__ import annotations

import asyncio
import secrets as stdlib_secrets
from collections.abc import Awaitable, Callable
from hmac import compare_digest
from typing import Any
from urllib.parse import parse_qs

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from starters.sandbox.credentials import MarketoSecrets
from starters.sandbox.faults import Fault, Faults
from starters.sandbox.log import Log
from starters.sandbox.marketo_requests import FIELDS, ProgramStatus, Upsert
from starters.sandbox.strike import Strikes

_LONGEST = 255
_RACE_SECONDS = 0.05

Row = dict[str, Any]


class _Failed(Exception):
    """An error of the whole request: its code and message."""


class _Skipped(Exception):
    """An error of one record: its code and message."""


class MarketoSandbox:
    """One instance; its leads, programs and members come back from the log at a start."""

    def __init__(self, log: Log, faults: Faults, secrets: MarketoSecrets) -> None:
        self._log = log
        self._secrets = secrets
        self._strikes = Strikes("marketo", faults, log, self._refuse)
        self._token = stdlib_secrets.token_hex(16)
        self._ended: set[str] = set()
        self._leads: dict[int, Row] = {}
        self._programs: dict[int, tuple[str, ...]] = {}
        self._members: dict[tuple[int, int], str] = {}
        for entry in log.entries():
            if entry["vendor"] == "marketo":
                self._keep(entry["action"], entry["details"])

    def seed_lead(self, **fields: str) -> int:
        """Put a lead in and answer its id."""
        return self._write(None, fields)

    def seed_program(self, *statuses: str) -> int:
        """Put a program in, whose channel has these statuses in this order."""
        number = 1001 + len(self._programs)
        self._note("program", {"id": number, "statuses": list(statuses)})
        return number

    def leads(self) -> list[Row]:
        """Every lead, with its id."""
        return [{"id": number, **row} for number, row in self._leads.items()]

    def members(self, program: int) -> dict[int, str]:
        """The status of each member of a program, by lead id."""
        return {lead: status for (one, lead), status in self._members.items() if one == program}

    def routes(self) -> list[BaseRoute]:
        """The vendor's own paths."""
        member_status = "/rest/v1/programs/{id:int}/members/status.json"
        return [
            Route("/identity/oauth/token", self._sign_in, methods=["GET", "POST"]),
            Route("/rest/v1/leads.json", self._at("leads", self._upsert), methods=["POST"]),
            Route(member_status, self._at("program", self._change), methods=["POST"]),
        ]

    async def _sign_in(self, request: Request) -> Response:
        return await self._strikes.around(request, ("login",), lambda: self._grant(request))

    async def _grant(self, request: Request) -> Response:
        form = {**parse_qs(request.url.query), **parse_qs((await request.body()).decode())}
        given = {name: values[0] for name, values in form.items()}
        right = {**self._secrets.model_dump(), "grant_type": "client_credentials"}
        if not all(_same(given.get(name, ""), value) for name, value in right.items()):
            self._log.append("marketo", "login_refused")
            body = {"error": "unauthorized", "error_description": "Bad client credentials"}
            return JSONResponse(body, status_code=401)
        self._log.append("marketo", "login")
        granted = {"token_type": "bearer", "expires_in": 3599, "scope": "api@sandbox.example"}
        return JSONResponse({"access_token": self._token, **granted})

    def _at(
        self, point: str, work: Callable[[Request], Awaitable[list[Row]]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                self._admit(request)
                return _enveloped(success=True, result=await work(request))
            except _Failed as failed:
                self._log.append("marketo", "refused", point=point, code=failed.args[0])
                return _failed(*failed.args)
            except ValidationError:
                self._log.append("marketo", "refused", point=point, code="609")
                return _failed("609", "Invalid JSON")

        async def endpoint(request: Request) -> Response:
            return await self._strikes.around(request, (point, "api"), lambda: answer(request))

        return endpoint

    def _admit(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            raise _Failed("600", "Access token not specified")
        if token in self._ended:
            raise _Failed("602", "Access token expired")
        if not _same(token, self._token):
            raise _Failed("601", "Access token invalid")

    async def _upsert(self, request: Request) -> list[Row]:
        order = Upsert.model_validate_json(await request.body())
        if order.lookupField not in ("id", *FIELDS):
            raise _Failed("1003", f"Lookup field '{order.lookupField}' not found")
        if order.lookupField == "id" and order.action != "updateOnly":
            raise _Failed("1003", "id can only be the lookup field of updateOnly")
        return [await self._upsert_one(order, row) for row in order.input]

    async def _upsert_one(self, order: Upsert, row: Row) -> Row:
        try:
            found = self._found(order, row)
            if found is None:
                # Two at once both see that there is none, and both create one: as in Marketo.
                await asyncio.sleep(_RACE_SECONDS)
            fields = {name: value for name, value in row.items() if name != "id"}
            number = self._write(found, fields)
        except _Skipped as skipped:
            return _skipped(*skipped.args)
        return {"id": number, "status": "created" if found is None else "updated"}

    def _found(self, order: Upsert, row: Row) -> int | None:
        wanted = row.get(order.lookupField)
        if wanted in (None, ""):
            raise _Skipped("1003", f"Missing value for required field '{order.lookupField}'")
        found = [
            number
            for number, lead in self._leads.items()
            if {"id": number, **lead}.get(order.lookupField) == wanted
        ]
        if len(found) > 1:
            raise _Skipped("1007", "Multiple leads match lookup criteria")
        if not found and order.action == "updateOnly":
            raise _Skipped("1004", "Lead not found")
        if found and order.action == "createOnly":
            raise _Skipped("1005", "Lead already exists")
        return found[0] if found else None

    def _write(self, number: int | None, fields: Row) -> int:
        for name, value in fields.items():
            if name not in FIELDS:
                raise _Skipped("1006", f"Field '{name}' not found")
            is_text = isinstance(value, str | int | float) and len(str(value)) <= _LONGEST
            if not is_text or (name == "email" and not str(value).isascii()):
                raise _Skipped("1003", f"Value for field '{name}' is invalid")
        number = number or len(self._leads) + 1
        self._note("lead", {"id": number, "fields": {**self._leads.get(number, {}), **fields}})
        return number

    async def _change(self, request: Request) -> list[Row]:
        program = int(request.path_params["id"])
        order = ProgramStatus.model_validate_json(await request.body())
        if program not in self._programs:
            raise _Failed("1013", "Program not found")
        if order.statusName not in self._programs[program]:
            raise _Failed("1025", "Program status not found")
        return [
            {"seq": place, **self._change_one(program, order.statusName, row.leadId)}
            for place, row in enumerate(order.input)
        ]

    def _change_one(self, program: int, status: str, lead: int) -> Row:
        if lead not in self._leads:
            return _skipped("1004", "Lead not found")
        now, order = self._members.get((program, lead)), self._programs[program]
        if now is not None and order.index(now) >= order.index(status):
            return _skipped("1037", "Lead is already in this or a later status")
        self._note("member", {"program": program, "lead": lead, "status": status})
        return {"status": "updated" if now else "created", "leadId": lead}

    def _note(self, action: str, details: Row) -> None:
        self._log.append("marketo", action, **details)
        self._keep(action, details)

    def _keep(self, action: str, details: Row) -> None:
        if action == "lead":
            self._leads[details["id"]] = details["fields"]
        elif action == "program":
            self._programs[details["id"]] = tuple(details["statuses"])
        elif action == "member":
            self._members[details["program"], details["lead"]] = details["status"]

    def _refuse(self, request: Request, point: str, fault: Fault) -> Response:
        if fault.kind == "expired_session":
            self._ended.add(self._token)
            self._token = stdlib_secrets.token_hex(16)
            return _failed("602", "Access token expired")
        if fault.kind == "rate_limit":
            return _failed(str(fault.value or 606), "a limit is reached")
        return JSONResponse({}, status_code=int(fault.value or 503))


def _same(given: str, right: str) -> bool:
    return compare_digest(given.encode(), right.encode())


def _enveloped(**answer: Any) -> Response:
    return JSONResponse({"requestId": f"{stdlib_secrets.token_hex(2)}#1", **answer})


def _failed(code: str, message: str) -> Response:
    return _enveloped(success=False, errors=[{"code": code, "message": message}])


def _skipped(code: str, message: str) -> Row:
    return {"status": "skipped", "reasons": [{"code": code, "message": message}]}
