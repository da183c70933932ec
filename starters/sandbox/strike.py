"""How an ordered fault strikes an HTTP request of a sandbox vendor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from starters.sandbox.faults import Fault, Faults
from starters.sandbox.log import Log

ABORT = "dripstone.abort"
"""The scope key under which the app keeps the function that cuts the connection."""

_BUSY_PAGE = "<html><head><title>Down</title></head><body><h1>We are down</h1></body></html>"


class Cut(Response):
    """No answer: the connection ends, as when a server dies."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Cut the connection and wait until the server has noticed."""
        scope[ABORT]()
        while (await receive())["type"] != "http.disconnect":
            pass


class Strikes:
    """Applies one vendor's faults; ``refuse`` words the faults that the vendor words its own way.

    Several points can name one request: the first that has a fault ordered strikes.
    """

    def __init__(
        self,
        vendor: str,
        faults: Faults,
        log: Log,
        refuse: Callable[[Request, str, Fault], Response],
    ) -> None:
        self._vendor = vendor
        self._faults = faults
        self._log = log
        self._refuse = refuse

    async def around(
        self, request: Request, points: tuple[str, ...], work: Callable[[], Awaitable[Response]]
    ) -> Response:
        """Do ``work`` and answer it, unless a fault strikes at one of ``points``."""
        taken = (self._faults.take(self._vendor, point) for point in points)
        fault = next((found for found in taken if found is not None), None)
        if fault is None:
            return await work()
        self._log.append(self._vendor, "fault", point=points[0], kind=fault.kind)
        if fault.kind == "slow":
            await self._faults.keep_waiting(float(fault.value or 1))
            return await work()
        if fault.kind == "drop_after_commit":
            await work()
            return Cut()
        if fault.kind == "drop":
            return Cut()
        if fault.kind == "html":
            return HTMLResponse(_BUSY_PAGE, status_code=503)
        return self._refuse(request, points[0], fault)
