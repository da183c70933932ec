"""Google Analytics 4 over its Measurement Protocol; an event is not repeatable, it has no key.

The collecting address answers 2xx to anything, also to what it drops: so all is checked here.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from activities.errors import failure
from activities.vendors.ports import HandOver, Receipt
from activities.vendors.web.exchange import Terms, exchange

LONGEST_VALUE = 100
"""Characters of a property's value; the rest would be dropped, with the whole event."""


class StreamLogin(BaseModel):
    """A web data stream, a Measurement Protocol secret of it, and where Google Analytics is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    measurement_id: str
    api_secret: SecretStr
    base_url: str = Field(
        default="https://www.google-analytics.com", pattern=r"^https?://[^/\s?#]+(/[^\s?#]*)?$"
    )


class GoogleAnalytics:
    """``Analytics`` over ``POST /mp/collect``; safe to share between tasks."""

    def __init__(
        self, login: StreamLogin, time_out_seconds: float = 10, tls: ssl.SSLContext | None = None
    ) -> None:
        self._login = login
        self._terms = Terms("google_analytics", time_out_seconds, 65_536, tls)

    async def track(
        self, client_id: str, event: str, properties: Mapping[str, Any], hand_over: HandOver
    ) -> Receipt:
        """Report one event.

        Raises:
            NotYet: it was not reached, or said that it is overloaded.
            Unclear: its answer was lost.
            Never: it refused.
        """
        secret = self._login.api_secret.get_secret_value()
        query = urlencode({"measurement_id": self._login.measurement_id, "api_secret": secret})
        url = f"{self._login.base_url.rstrip('/')}/mp/collect?{query}"
        params = {name: shortened(value) for name, value in properties.items()}
        body = {"client_id": client_id, "events": [{"name": event, "params": params}]}
        headers = {"Content-Type": "application/json", "User-Agent": "Dripstone"}

        async def prepare() -> Sequence[httpx.Request]:
            return [httpx.Request("POST", url, headers=headers, content=json.dumps(body))]

        answer = await exchange(prepare, self._terms, hand_over)
        if 200 <= answer.status < 300:
            return Receipt("accepted")
        code, said = f"http_{answer.status}", f"mp/collect was answered {answer.status}"
        if answer.status >= 500:
            raise failure("google_analytics", code, said, done="maybe")
        raise failure("google_analytics", code, said, retry_after=answer.retry_after)


def shortened(value: Any) -> Any:
    """A value as Google Analytics takes it."""
    return value[:LONGEST_VALUE] if isinstance(value, str) else value
