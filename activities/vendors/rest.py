"""JSON under one address of a vendor, where every call can be repeated: paths, tokens, answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from activities.errors import failure
from activities.vendors import http_calls
from activities.vendors.ports import VendorFailure


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``what`` names it in messages, without values."""

    what: str
    method: str
    path: str
    query: Mapping[str, str] | None = None
    body: Mapping[str, Any] | None = None
    form: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Web:
    """Where a vendor is, and for how many seconds its answer is waited for."""

    vendor: str
    base_url: str
    seconds: float = 15.0

    async def ask(self, call: Call, token: str = "") -> httpx.Response:
        """The answer, whatever its status.

        Raises:
            NotYet, Never: there was no answer. Calls through here can be repeated, so it is never
                Unclear.
        """
        asked = http_calls.Call(
            vendor=self.vendor,
            what=call.what,
            method=call.method,
            url=self.base_url.rstrip("/") + call.path,
            repeatable=True,
            token=token,
            query=call.query or {},
            form=call.form,
            json=call.body,
        )
        return await http_calls.ask(asked, timedelta(seconds=self.seconds))

    def document(self, call: Call, answer: httpx.Response) -> dict[str, Any]:
        """The answer's JSON object; an error page is judged by its status."""
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise self.unusable(call, answer)
        return found

    def unusable(self, call: Call, answer: httpx.Response) -> VendorFailure:
        """The failure of an answer that is not as the vendor describes its answers."""
        code = "unreadable_answer" if answer.status_code < 300 else f"http_{answer.status_code}"
        return failure(self.vendor, code, f"{call.what} got HTTP {answer.status_code}")
