"""The sandbox org's REST API: records, upserts by external id, queries, collections, describe."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from starters.sandbox.log import Log
from starters.sandbox.salesforce import soql
from starters.sandbox.salesforce.entrance import Entrance
from starters.sandbox.salesforce.records import Record, Records
from starters.sandbox.salesforce.schema import OBJECTS, Field, Object
from starters.sandbox.salesforce.values import Refusal
from starters.sandbox.strike import Strikes

Endpoint = Callable[[Request], Awaitable[Response]]
_Answer = Callable[[Request], Awaitable[Response]]

_DAILY_CALLS = 15_000
_LARGEST_COLLECTION = 200
_LARGEST_PAGE = 2_000


class Rest:
    """Endpoints over the records. The paths are those below ``/services/data/v59.0``."""

    def __init__(self, records: Records, entrance: Entrance, strikes: Strikes, log: Log) -> None:
        self._log = log
        self._records = records
        self._entrance = entrance
        self._strikes = strikes
        self._calls = 0
        self._pages: dict[str, list[dict[str, Any]]] = {}

    def endpoints(self) -> Iterator[tuple[str, Endpoint, list[str]]]:
        """(path, endpoint, methods), most particular first."""
        upsert = "/sobjects/{object}/{field}/{key:path}"
        collection = "/composite/sobjects/{object}/{field}"
        yield collection, self._guarded("collection", self._collection), ["PATCH"]
        yield "/query", self._guarded("query", self._query), ["GET"]
        yield "/query/", self._guarded("query", self._query), ["GET"]
        yield "/query/{locator}", self._guarded("query", self._more), ["GET"]
        yield "/limits/", self._guarded("limits", self._limits), ["GET"]
        yield "/sobjects/{object}", self._guarded("create", self._create), ["POST"]
        yield "/sobjects/{object}/", self._guarded("create", self._create), ["POST"]
        yield "/sobjects/{object}/describe", self._guarded("describe", self._describe), ["GET"]
        yield "/sobjects/{object}/{id}", self._guarded("get", self._get), ["GET"]
        yield "/sobjects/{object}/{id}", self._guarded("update", self._update), ["PATCH"]
        yield "/sobjects/{object}/{id}", self._guarded("delete", self._delete), ["DELETE"]
        yield upsert, self._guarded("get", self._get_by_key), ["GET"]
        yield upsert, self._guarded("upsert", self._upsert), ["PATCH"]

    def _guarded(self, point: str, answer: _Answer) -> Endpoint:
        """The endpoint: faults strike first, then the session is checked, then it is answered."""

        async def endpoint(request: Request) -> Response:
            async def work() -> Response:
                try:
                    if not self._entrance.admits(request):
                        message = "Session expired or invalid"
                        raise Refusal(401, "INVALID_SESSION_ID", message)
                    response = await answer(request)
                except Refusal as refusal:
                    self._log.append("salesforce", "refused", point=point, code=refusal.code)
                    response = JSONResponse(_refused(refusal), status_code=refusal.status)
                self._calls += 1
                used = f"api-usage={self._calls}/{_DAILY_CALLS}"
                response.headers["Sforce-Limit-Info"] = used
                return response

            return await self._strikes.around(request, (point, "api"), work)

        return endpoint

    async def _create(self, request: Request) -> Response:
        row = self._records.create(_object(request), await _body(request))
        return JSONResponse(_saved(row), status_code=201)

    async def _get(self, request: Request) -> Response:
        kind = _object(request)
        return JSONResponse(_shown(kind, self._records.get(kind, request.path_params["id"])))

    async def _update(self, request: Request) -> Response:
        kind = _object(request)
        self._records.update(kind, request.path_params["id"], await _body(request))
        return Response(status_code=204)

    async def _delete(self, request: Request) -> Response:
        self._records.delete(_object(request), request.path_params["id"])
        return Response(status_code=204)

    async def _get_by_key(self, request: Request) -> Response:
        kind = _object(request)
        field = self._records.external_id(kind, request.path_params["field"])
        found = self._records.matching(kind, field, _key(request))
        if len(found) > 1:
            paths = ", ".join(f"/sobjects/{kind.name}/{row['Id']}" for row in found)
            raise Refusal(300, "MULTIPLE_CHOICES", paths)
        if not found:
            raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
        return JSONResponse(_shown(kind, found[0]))

    async def _upsert(self, request: Request) -> Response:
        field = request.path_params["field"]
        body = await _body(request)
        row, created = self._records.upsert(_object(request), field, _key(request), body)
        answer = {**_saved(row), "created": created}
        return JSONResponse(answer, status_code=201 if created else 200)

    async def _collection(self, request: Request) -> Response:
        kind, field = _object(request), request.path_params["field"]
        body = await _body(request)
        rows = body.get("records")
        if not isinstance(rows, list) or len(rows) > _LARGEST_COLLECTION:
            message = f"a collection holds at most {_LARGEST_COLLECTION} records"
            raise Refusal(400, "LIMIT_EXCEEDED", message)
        if body.get("allOrNone"):
            raise Refusal(400, "INVALID_FIELD", "this sandbox knows allOrNone=false only")
        return JSONResponse([self._row(kind, field, row) for row in rows])

    def _row(self, kind: Object, field: str, row: Any) -> dict[str, Any]:
        try:
            if not isinstance(row, dict) or row.get("attributes", {}).get("type") != kind.name:
                raise Refusal(400, "INVALID_TYPE", "each record needs attributes with its type")
            name = self._records.external_id(kind, field).name
            if not row.get(name):
                raise Refusal(400, "MISSING_ARGUMENT", f"{name} not specified", name)
            body = {k: v for k, v in row.items() if k not in ("attributes", name)}
            saved, created = self._records.upsert(kind, name, str(row[name]), body)
        except Refusal as refusal:
            error = {
                "statusCode": refusal.code,
                "message": refusal.message,
                "fields": refusal.fields,
            }
            return {"success": False, "errors": [error]}
        return {**_saved(saved), "created": created}

    async def _query(self, request: Request) -> Response:
        rows = soql.run(request.query_params.get("q", ""), self._records)
        asked = re.search(r"batchSize=(\d+)", request.headers.get("sforce-query-options", ""))
        size = min(max(int(asked[1]), 200), _LARGEST_PAGE) if asked else _LARGEST_PAGE
        locator = f"01g5e{len(self._pages):010d}AAA"
        if len(rows) > size:
            self._pages[locator] = rows
        return JSONResponse(_page(rows, locator, 0, size))

    async def _more(self, request: Request) -> Response:
        locator, _, start = request.path_params["locator"].partition("-")
        rows = self._pages.get(locator)
        if rows is None or not start.isdigit():
            raise Refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return JSONResponse(_page(rows, locator, int(start), _LARGEST_PAGE))

    async def _limits(self, request: Request) -> Response:
        left = {"Max": _DAILY_CALLS, "Remaining": _DAILY_CALLS - self._calls}
        return JSONResponse({"DailyApiRequests": left})

    async def _describe(self, request: Request) -> Response:
        kind = _object(request)
        fields = [_described(field) for field in kind.fields.values()]
        answer = {"name": kind.name, "keyPrefix": kind.prefix, "fields": fields}
        return JSONResponse(answer)


def _object(request: Request) -> Object:
    kind = OBJECTS.get(request.path_params["object"].lower())
    if kind is None:
        raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
    return kind


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise Refusal(400, "JSON_PARSER_ERROR", "the body is not JSON") from None
    if not isinstance(body, dict):
        raise Refusal(400, "JSON_PARSER_ERROR", "the body is not an object")
    return body


def _key(request: Request) -> str:
    """The external id as it was sent: a slash in it is told from a slash of the path."""
    raw = request.scope.get("raw_path", b"").decode().partition("?")[0]
    return unquote(raw.rsplit("/", 1)[-1]) if raw else str(request.path_params["key"])


def _saved(row: Record) -> dict[str, Any]:
    return {"id": row["Id"], "success": True, "errors": []}


def _shown(kind: Object, row: Record) -> dict[str, Any]:
    url = f"/services/data/v59.0/sobjects/{kind.name}/{row['Id']}"
    return {"attributes": {"type": kind.name, "url": url}, **row}


def _refused(refusal: Refusal) -> list[Any]:
    if refusal.status == 300:
        return [f"/services/data/v59.0{path}" for path in refusal.message.split(", ")]
    return [refusal.as_json()]


def _page(rows: list[dict[str, Any]], locator: str, start: int, size: int) -> dict[str, Any]:
    end = start + size
    page: dict[str, Any] = {"totalSize": len(rows), "done": end >= len(rows)}
    if not page["done"]:
        page["nextRecordsUrl"] = f"/services/data/v59.0/query/{locator}-{end}"
    return {**page, "records": rows[start:end]}


def _described(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "type": field.kind,
        "length": field.length,
        "nillable": not field.required,
        "externalId": field.external_id,
        "unique": field.unique,
        "createable": field.writable != "never",
        "updateable": field.writable == "always",
    }
