"""The sandbox org: seeding for demos and tests, and the routes of its REST API.

Fault points: login, upsert, update, create, delete, get, describe, query, collection, and api
for whichever of these (login apart) comes next.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from starters.sandbox.credentials import SalesforceSecrets
from starters.sandbox.faults import Fault, Faults
from starters.sandbox.log import Log
from starters.sandbox.salesforce.entrance import Entrance
from starters.sandbox.salesforce.records import Record, Records
from starters.sandbox.salesforce.rest import Rest
from starters.sandbox.salesforce.schema import OBJECTS, Object
from starters.sandbox.strike import Strikes

_REST = "/services/data/v{version}"
_STATUS_CODES = {500: "UNKNOWN_EXCEPTION", 503: "SERVER_UNAVAILABLE"}
_LOCKED = "unable to obtain exclusive access to this record or 1 records: 0015e00000000001AAA"


class SalesforceSandbox:
    """An org with one connected app and one integration user; its records come from the log."""

    def __init__(self, log: Log, faults: Faults, secrets: SalesforceSecrets) -> None:
        self._log = log
        self._records = Records(log)
        self._entrance = Entrance(secrets, log)
        self._strikes = Strikes("salesforce", faults, log, self._refuse)
        users = self._records.rows(OBJECTS["user"])
        owner = next((u["Id"] for u in users if u["Username"] == secrets.username), None)
        self.integration_user = owner or self.seed(
            "User", Username=secrets.username, LastName="Dripstone", Email=secrets.username
        )
        self._records.default_owner = self.integration_user

    def seed(self, object_name: str, **fields: Any) -> str:
        """Put a record in and answer its id; read-only fields and the id may be set too."""
        kind = _kind(object_name)
        fixed = {
            name: value
            for name, value in fields.items()
            if (field := kind.field(name)) is not None and field.writable == "never"
        }
        free = {name: value for name, value in fields.items() if name not in fixed}
        wanted = fixed.pop("Id", None)
        row = self._records.create(kind, free, wanted)
        if fixed:
            self._records.put(kind, {**row, **fixed})
        return str(row["Id"])

    def seed_lead(self, **fields: Any) -> str:
        """Put a Lead in; LastName and Company have defaults here."""
        return self.seed("Lead", **{"LastName": "Lead", "Company": "Example", **fields})

    def seed_user(self, email: str, last_name: str = "User") -> str:
        """Put an active User in, whose user name is the address."""
        return self.seed("User", Username=email, Email=email, LastName=last_name)

    def rows(self, object_name: str) -> list[Record]:
        """Every record of an object that is not deleted, in order of creation."""
        return self._records.rows(_kind(object_name))

    def routes(self) -> list[BaseRoute]:
        """The vendor's own paths."""
        rest = Rest(self._records, self._entrance, self._strikes, self._log)
        found: list[BaseRoute] = [
            Route("/services/oauth2/token", self._token, methods=["POST"]),
            Route("/services/Soap/u/{version}", self._soap, methods=["POST"]),
        ]
        for path, endpoint, methods in rest.endpoints():
            found.append(Route(f"{_REST}{path}", endpoint, methods=methods))
        return found

    async def _token(self, request: Request) -> Response:
        return await self._strikes.around(
            request, ("login",), lambda: self._entrance.token(request)
        )

    async def _soap(self, request: Request) -> Response:
        return await self._strikes.around(request, ("login",), lambda: self._entrance.soap(request))

    def _refuse(self, request: Request, point: str, fault: Fault) -> Response:
        if point == "login":
            body: dict[str, str] = {
                "error": "unknown_error",
                "error_description": "retry your request",
            }
            return JSONResponse(body, status_code=int(fault.value or 503))
        if fault.kind == "expired_session":
            self._entrance.end(request)
            return _error(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if fault.kind == "lock_row":
            return _locked(wrapped=bool(fault.value))
        if fault.kind == "rate_limit":
            answer = _error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
            answer.headers["Retry-After"] = str(int(fault.value or 1))
            return answer
        status = int(fault.value or 503)
        return _error(status, _STATUS_CODES.get(status, "UNKNOWN_EXCEPTION"), "An error occurred")


def _kind(object_name: str) -> Object:
    kind = OBJECTS.get(object_name.lower())
    if kind is None:
        raise ValueError(f"the sandbox org has no object {object_name!r}")
    return kind


def _locked(wrapped: bool) -> Response:
    if not wrapped:
        return _error(400, "UNABLE_TO_LOCK_ROW", _LOCKED)
    text = f"OnWrite: execution of AfterInsert caused by: UNABLE_TO_LOCK_ROW, {_LOCKED}"
    return _error(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", text)


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse([{"message": message, "errorCode": code}], status_code=status)
