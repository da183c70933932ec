"""A Teams workflow on localhost that takes Adaptive Cards, and nothing else, by its webhook.

Fault point: card.
"""

from __future__ import annotations

import json
from hmac import compare_digest
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from starters.sandbox.credentials import TeamsSecrets
from starters.sandbox.faults import Fault, Faults
from starters.sandbox.log import Log
from starters.sandbox.strike import Strikes

_LARGEST = 28_672


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Block(_Strict):
    type: Literal["TextBlock"]
    text: str = Field(min_length=1)
    wrap: bool = False
    weight: Literal["Lighter", "Default", "Bolder"] = "Default"
    size: Literal["Small", "Default", "Medium", "Large", "ExtraLarge"] = "Default"


class _Card(_Strict):
    type: Literal["AdaptiveCard"]
    schema_: str = Field(alias="$schema", pattern="^http://adaptivecards.io/schemas/")
    version: Literal["1.2", "1.3", "1.4"]
    body: list[_Block] = Field(min_length=1)


class _Attachment(_Strict):
    content_type: Literal["application/vnd.microsoft.card.adaptive"] = Field(alias="contentType")
    content_url: None = Field(alias="contentUrl", default=None)
    content: _Card


class _Message(_Strict):
    type: Literal["message"]
    attachments: list[_Attachment] = Field(min_length=1, max_length=1)


class TeamsSandbox:
    """One workflow; its cards come back from the log at a start."""

    def __init__(self, log: Log, faults: Faults, secrets: TeamsSecrets) -> None:
        self._log = log
        self._secrets = secrets
        self._strikes = Strikes("teams", faults, log, _refuse)
        entries = [e for e in log.entries() if (e["vendor"], e["action"]) == ("teams", "card")]
        self._cards: list[dict[str, Any]] = [e["details"] for e in entries]

    def cards(self) -> list[dict[str, Any]]:
        """Every card, oldest first: ``lines``, the texts of its blocks."""
        return list(self._cards)

    def routes(self) -> list[BaseRoute]:
        """The vendor's own path."""
        return [Route("/workflows/{id}", self._post, methods=["POST"])]

    async def _post(self, request: Request) -> Response:
        return await self._strikes.around(request, ("card",), lambda: self._answer(request))

    async def _answer(self, request: Request) -> Response:
        problem, status = await self._look_at(request)
        if problem:
            self._log.append("teams", "refused", problem=problem)
            return JSONResponse({"error": {"code": problem}}, status_code=status)
        return Response(status_code=202)

    async def _look_at(self, request: Request) -> tuple[str, int]:
        given = request.query_params.get("sig", "")
        if not compare_digest(given.encode(), self._secrets.signature.encode()):
            return "DirectApiAuthorizationRequired", 401
        kind = request.headers.get("content-type", "").replace(" ", "").lower()
        if kind != "application/json;charset=utf-8":
            return "UnsupportedMediaType", 415
        body = await request.body()
        if len(body) > _LARGEST:
            return "RequestEntityTooLarge", 413
        try:
            message = _Message.model_validate(json.loads(body))
        except (ValueError, ValidationError):
            return "TriggerInputSchemaMismatch", 400
        card = {"lines": [block.text for block in message.attachments[0].content.body]}
        self._log.append("teams", "card", **card)
        self._cards.append(card)
        return "", 202


def _refuse(request: Request, point: str, fault: Fault) -> Response:
    if fault.kind == "rate_limit":
        wait = {"Retry-After": str(int(fault.value or 1))}
        return JSONResponse({"error": {"code": "Throttled"}}, status_code=429, headers=wait)
    return JSONResponse({"error": {"code": "Down"}}, status_code=int(fault.value or 503))
