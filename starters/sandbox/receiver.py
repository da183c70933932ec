"""A system of somebody's own on localhost, which ``http_call`` steps and event listeners call.

It wants its bearer token, and takes keys as the draft of the Idempotency-Key header has it: the
same key again gets the first answer again, and another request under that key gets 422.
Fault point: call.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any, Literal
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from starters.sandbox.credentials import ReceiverSecrets
from starters.sandbox.faults import Fault, Faults
from starters.sandbox.log import Log
from starters.sandbox.strike import Strikes

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_UNTOLD = {"authorization", "host", "connection", "content-length", "accept-encoding"}


class Canned(BaseModel):
    """What is answered from now on to a method and path; ``text`` is an answer that is no JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str = Field(pattern="^/")
    status: int = Field(default=200, ge=200, le=599)
    body: JsonValue = None
    text: str | None = None
    headers: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class _Once:
    """The first request under a key, and how it was answered."""

    request: tuple[str, str, bytes]
    answer: Canned


class ReceiverSandbox:
    """Answers ``{"ok": true}`` unless told otherwise; what it has done stands in the log."""

    def __init__(self, log: Log, faults: Faults, secrets: ReceiverSecrets) -> None:
        self._log = log
        self._secrets = secrets
        self._strikes = Strikes("receiver", faults, log, _refuse)
        self._canned: dict[tuple[str, str], Canned] = {}
        self._keys: dict[str, _Once] = {}

    def answer_with(self, canned: Canned) -> None:
        """Answer this from now on, instead of what was said before for the method and path."""
        self._canned[canned.method, canned.path] = canned

    async def order_answer(self, request: Request) -> Response:
        """The lever for ``answer_with``, over HTTP."""
        try:
            self.answer_with(Canned.model_validate_json(await request.body()))
        except ValidationError as error:
            return JSONResponse({"problems": json.loads(error.json(include_url=False))}, 400)
        return Response(status_code=201)

    def routes(self) -> list[BaseRoute]:
        """Every path below its base address."""
        return [Route("/{path:path}", self._call, methods=list(METHODS))]

    async def _call(self, request: Request) -> Response:
        return await self._strikes.around(request, ("call",), lambda: self._answer(request))

    async def _answer(self, request: Request) -> Response:
        path, body = "/" + request.path_params["path"], await request.body()
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not compare_digest(token.encode(), self._secrets.token.encode()):
            return self._refused(request, 401, "who are you?")
        try:
            said = _read(request, body)
        except ValueError as error:
            return self._refused(request, 415, str(error))
        asked = (request.method, str(request.url), body)
        key = request.headers.get("idempotency-key", "")
        if key and key in self._keys:
            return self._again(request, self._keys[key], asked)
        answer = self._canned.get((request.method, path))
        answer = answer or Canned(method="GET", path="/", body={"ok": True})
        headers = {k: v for k, v in request.headers.items() if k not in _UNTOLD}
        details: dict[str, Any] = {"method": request.method, "path": path, "body": said}
        details |= {"query": dict(parse_qsl(request.url.query)), "headers": headers, "key": key}
        self._log.append("receiver", "call", **details)
        if key:
            self._keys[key] = _Once(asked, answer)
        return _as_response(answer)

    def _again(self, request: Request, once: _Once, asked: tuple[str, str, bytes]) -> Response:
        if once.request != asked:
            return self._refused(request, 422, "this key came with another request")
        self._log.append("receiver", "replay", path=request.url.path)
        return _as_response(once.answer)

    def _refused(self, request: Request, status: int, why: str) -> Response:
        self._log.append("receiver", "refused", path=request.url.path, status=status, why=why)
        return JSONResponse({"error": why}, status_code=status)


def _read(request: Request, body: bytes) -> JsonValue:
    """What the body says.

    Raises:
        ValueError: it is neither JSON nor a form, or says that it is what it is not.
    """
    if not body:
        return None
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind == "application/x-www-form-urlencoded":
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    if kind != "application/json" and not kind.endswith("+json"):
        raise ValueError(f"a body of type {kind!r} is not taken here")
    read: JsonValue = json.loads(body)
    return read


def _as_response(answer: Canned) -> Response:
    if answer.text is not None:
        return Response(answer.text, answer.status, answer.headers)
    if answer.status == 204:
        return Response(status_code=204, headers=answer.headers)
    return JSONResponse(answer.body, answer.status, answer.headers)


def _refuse(_request: Request, _point: str, fault: Fault) -> Response:
    if fault.kind == "rate_limit":
        wait = {"Retry-After": str(int(fault.value or 1))}
        return JSONResponse({"error": "slow down"}, status_code=429, headers=wait)
    return JSONResponse({"error": "down"}, status_code=int(fault.value or 503))
