"""``GET /metrics``: what came in here, and the ledger in numbers, as Prometheus reads them.

Labels are words of the code and never of a caller, so there are few of them, and none of a person.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import time
from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response

from activities.ledger import Ledger, LedgerUnavailable
from activities.ledger.figures import read_figures
from activities.ledger.leads import SAMPLE
from config.settings import IngressSettings
from starters.ingress.gauges import Gauges, Looked
from starters.ingress.temporal_link import TemporalLink
from workflows.presentation import LEAD_ID, STATE

FRESH = timedelta(seconds=15)
"""The ledger is counted at most that often, however many ask."""

TOKEN = "DRIPSTONE_INGRESS__METRICS_TOKEN"
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
IN_ATTENTION = (
    f"WorkflowType = 'Enrollment' AND ExecutionStatus = 'Running' AND {STATE.name} = 'attention' "
    f"AND {LEAD_ID.name} NOT STARTS_WITH '{SAMPLE}'"
)


class IngressMetrics:
    """The figures of one ingress, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._gauges = Gauges()
        self._registry.register(self._gauges)
        self._requests = Counter(
            "dripstone_ingress_requests",
            "Requests by door, and how they were answered",
            ("door", "answer"),
            registry=self._registry,
        )
        self._events = Counter(
            "dripstone_ingress_events",
            "Events by source; what was known already changed nothing",
            ("source", "outcome"),
            registry=self._registry,
        )
        self._looked_at: float | None = None
        self._turn = asyncio.Lock()

    def answered(self, door: str, status: int) -> None:
        """Count a request. ``door`` is a route's own path, not the one that somebody asked for."""
        self._requests.labels(door, _answer(status)).inc()

    def took_in(self, source: str, *, is_new: bool) -> None:
        """Count an event. ``source`` is the name that the code has for where it came from."""
        self._events.labels(source, "new" if is_new else "known").inc()

    async def text(self, ledger: Ledger, link: TemporalLink) -> bytes:
        """All of it in Prometheus's text format. What cannot be had is left out, not made up."""
        async with self._turn:
            now = time.monotonic()
            if self._looked_at is None or now - self._looked_at > FRESH.total_seconds():
                self._gauges.show(await _look(ledger, link))
                self._looked_at = time.monotonic()
            return generate_latest(self._registry)


async def _look(ledger: Ledger, link: TemporalLink) -> Looked:
    attention = await link.count(IN_ATTENTION)
    try:
        async with ledger.reading() as tx:
            return Looked(await read_figures(ledger, tx), attention)
    except (LedgerUnavailable, SQLAlchemyError):
        return Looked(None, attention)


def may_read(settings: IngressSettings, request: HttpRequest) -> bool:
    """Whether the caller may see figures: who has the token, or, if there is none, this machine.

    What a proxy hands on comes from this machine only by its looks.
    """
    if settings.metrics_token:
        expected = f"Bearer {settings.metrics_token.get_secret_value()}".encode()
        given = request.headers.get("authorization", "").encode("latin-1", "replace")
        return hmac.compare_digest(given, expected)
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    return ipaddress.ip_address(request.client.host).is_loopback


def refused() -> Response:
    """What others are answered."""
    error = f"only for this machine: for others set {TOKEN}, and send it as a bearer token"
    return JSONResponse({"error": error}, 401, {"WWW-Authenticate": "Bearer"})


def page(text: bytes) -> Response:
    """The figures as a response."""
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _answer(status: int) -> str:
    if status < 400:
        return "taken"
    if status in (401, 403):
        return "unauthorised"
    return "refused" if status < 500 else "unavailable"
