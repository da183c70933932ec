"""Google Analytics 4 on localhost: the Measurement Protocol, for one web data stream.

As the real one, ``/mp/collect`` answers 204 to anything and silently drops what is not valid; the
log tells which it was. ``/debug/mp/collect`` tells what is wrong, and counts nothing.
Fault point: collect.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from hmac import compare_digest
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from starters.sandbox.credentials import AnalyticsSecrets
from starters.sandbox.faults import Fault, Faults
from starters.sandbox.log import Log
from starters.sandbox.strike import Strikes

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_PREFIXES = ("ga_", "google_", "firebase_", "gtag")
_RESERVED = {"error", "first_open", "first_visit", "session_start", "user_engagement"}
_FIELDS = {
    *("client_id", "user_id", "timestamp_micros", "user_properties", "events", "consent"),
    *("non_personalized_ads", "user_data", "validation_behavior"),
}
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_LARGEST = 130_000


class AnalyticsSandbox:
    """One data stream. Valid events are ``event`` in the log, all others ``dropped``."""

    def __init__(self, log: Log, faults: Faults, secrets: AnalyticsSecrets) -> None:
        self._log = log
        self._secrets = secrets
        self._strikes = Strikes("google_analytics", faults, log, _refuse)

    def routes(self) -> list[BaseRoute]:
        """The two addresses of the protocol."""
        return [
            Route("/mp/collect", self._collect, methods=["POST"]),
            Route("/debug/mp/collect", self._debug, methods=["POST"]),
        ]

    async def _collect(self, request: Request) -> Response:
        return await self._strikes.around(request, ("collect",), lambda: self._count(request))

    async def _count(self, request: Request) -> Response:
        body = await request.body()
        problems = [*self._login_problems(request), *_problems(body)]
        if problems:
            self._log.append("google_analytics", "dropped", problems=problems)
            return Response(status_code=204)
        sent = json.loads(body)
        for event in sent["events"]:
            details = {"name": event["name"], "params": event.get("params", {})}
            self._log.append("google_analytics", "event", client_id=sent["client_id"], **details)
        return Response(status_code=204)

    async def _debug(self, request: Request) -> Response:
        """The real one does not look at the secret here either."""
        found = [
            {"fieldPath": path, "description": what, "validationCode": "VALUE_INVALID"}
            for path, what in _problems(await request.body())
        ]
        return JSONResponse({"validationMessages": found})

    def _login_problems(self, request: Request) -> Iterator[tuple[str, str]]:
        for name in ("measurement_id", "api_secret"):
            given, known = request.query_params.get(name, ""), getattr(self._secrets, name)
            if not compare_digest(given.encode(), known.encode()):
                yield name, "is not that of the data stream"


def _problems(body: bytes) -> list[tuple[str, str]]:
    """(field path, what is wrong with it)."""
    if len(body) > _LARGEST:
        return [("", f"more than {_LARGEST} bytes")]
    try:
        sent = json.loads(body)
    except ValueError:
        return [("", "is no JSON")]
    if not isinstance(sent, dict):
        return [("", "is no object")]
    found = [(name, "is no field of the protocol") for name in sent.keys() - _FIELDS]
    client = sent.get("client_id")
    if not isinstance(client, str) or not client or _ADDRESS.search(client):
        found.append(("client_id", "must be the id of a browser"))
    events = sent.get("events")
    if not isinstance(events, list) or not 0 < len(events) <= 25:
        return [*found, ("events", "must be a list of 1 to 25 events")]
    for event in events:
        found += _event_problems(event)
    return found


def _event_problems(event: Any) -> Iterator[tuple[str, str]]:
    name = event.get("name") if isinstance(event, dict) else None
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        yield "events.name", "must be at most 40 letters, digits and _, a letter first"
        return
    if name in _RESERVED or name.startswith(_PREFIXES):
        yield "events.name", "is reserved"
    params = event.get("params", {})
    if not isinstance(params, dict) or len(params) > 25:
        yield "events.params", "must be an object of at most 25"
        return
    for key, value in params.items():
        if not _NAME.fullmatch(key) or key.startswith(_PREFIXES):
            yield f"events.params.{key}", "is no name for a parameter"
        if len(str(value)) > 100:
            yield f"events.params.{key}", "has more than 100 characters"
        if _ADDRESS.search(str(value)):
            yield f"events.params.{key}", "holds an address"


def _refuse(_request: Request, _point: str, fault: Fault) -> Response:
    return Response(status_code=int(fault.value or 503))
