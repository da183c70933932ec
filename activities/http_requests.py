"""The request that an ``http_call`` step stands for, filled in with the lead's fields. Pure.

Fields are data: one in the path stays one segment, one in the body stays one value, and one in a
header stays one line. What the ledger keeps is what is sent, but for the secrets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from pydantic import JsonValue

from activities.ledger.http_connections import HttpConnection
from activities.templates import Template, render
from activities.vendors.ports import Never, WebRequest
from activities.vendors.web.urls import encoded, url_of
from workflows.engine.web_effects import HttpCall

LARGEST_BODY = 65_536
_ONE_FIELD = re.compile(r"\{\{\s*lead\.([A-Za-z][A-Za-z0-9_]*)\s*\}\}")


def request_payload(
    effect: HttpCall, fields: Mapping[str, JsonValue], account: HttpConnection
) -> dict[str, Any]:
    """Everything of the request that is kept: method, url, headers, content (text, or None).

    Raises:
        Never: it leads elsewhere, a header cannot carry its value, the body is too large.
        TemplateProblem: a field that it needs is empty.
    """
    filling = _Filling(effect.step, {"lead": fields})
    path = _Filling(effect.step, {"lead": encoded(fields)}).text("path", effect.path)
    query = {name: filling.text(f"query.{name}", text) for name, text in effect.query.items()}
    headers = {name: filling.header(name, text) for name, text in effect.headers.items()}
    content, kind = _content(effect, filling)
    if kind and not any(name.casefold() == "content-type" for name in headers):
        headers["Content-Type"] = kind
    if content and len(content.encode()) > LARGEST_BODY:
        raise Never("http", "bad_request", f"its body is larger than {LARGEST_BODY} bytes")
    return {
        "method": effect.method,
        "url": url_of(account, path, query),
        "headers": headers,
        "content": content,
    }


def web_request(payload: Mapping[str, Any], key: str, step: str) -> WebRequest:
    """The request that a payload of the effect ledger stands for."""
    return WebRequest(
        method=payload["method"],
        url=payload["url"],
        headers=payload["headers"],
        content=payload["content"],
        key=key,
        step=step,
    )


def filled_in(step: str, where: str, text: str, fields: Mapping[str, JsonValue]) -> str:
    """One text of a step with the lead's fields.

    Raises:
        TemplateProblem: a field that it needs is empty.
    """
    return _Filling(step, {"lead": fields}).text(where, text)


class _Filling:
    def __init__(self, step: str, fields: Mapping[str, object]) -> None:
        self._step = step
        self._fields = fields

    def text(self, where: str, text: str) -> str:
        template = Template(name=f"{self._step}.{where}", subject="-", text=text, html=None)
        return render(template, self._fields).text

    def header(self, name: str, text: str) -> str:
        value = self.text(f"headers.{name}", text).strip()
        if not (value.isascii() and value.isprintable()):
            message = (
                f"the header {name!r} got a line break or a character that no header can carry: "
                "leave that field out of it, or correct the lead's record"
            )
            raise Never("http", "bad_header", message)
        return value

    def value(self, where: str, value: JsonValue) -> JsonValue:
        """The same shape, with its texts filled in. A number or truth alone stays what it is."""
        if isinstance(value, dict):
            return {name: self.value(f"{where}.{name}", part) for name, part in value.items()}
        if isinstance(value, list):
            return [self.value(f"{where}.{n}", part) for n, part in enumerate(value)]
        if not isinstance(value, str):
            return value
        alone = _ONE_FIELD.fullmatch(value.strip())
        lead = self._fields["lead"]
        known = lead.get(alone[1]) if alone and isinstance(lead, Mapping) else None
        return known if isinstance(known, int | float) else self.text(where, value)


def _content(effect: HttpCall, filling: _Filling) -> tuple[str | None, str]:
    if effect.form is not None:
        pairs = {name: filling.text(f"form.{name}", text) for name, text in effect.form.items()}
        return urlencode(pairs), "application/x-www-form-urlencoded"
    if effect.body is None:
        return None, ""
    body = filling.value("body", effect.body)
    return json.dumps(body, ensure_ascii=False, allow_nan=False), "application/json"
