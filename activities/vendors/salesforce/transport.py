"""How requests leave for Salesforce: time-outs on every call, and another address if one is set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies


@dataclass(frozen=True, slots=True)
class TimeOuts:
    """Seconds to wait for a connection, and for each piece of an answer."""

    connect: float = 5.0
    read: float = 30.0


class Outbound(HTTPAdapter):
    """A requests adapter for one session, used by one thread at a time.

    simple-salesforce builds ``https://{host}.salesforce.com`` addresses and passes no time-outs;
    both are mended here, where every one of its requests passes, logins included.
    """

    def __init__(self, base_url: str | None, time_outs: TimeOuts) -> None:
        super().__init__()
        self.retry_after: timedelta | None = None
        self._base_url = base_url.rstrip("/") if base_url else None
        self._time_outs = (time_outs.connect, time_outs.read)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """Send as requests does; what Retry-After asked for is kept in ``retry_after``."""
        kwargs["timeout"] = self._time_outs
        self.retry_after = None
        if self._base_url is not None:
            asked = urlsplit(request.url or "")
            query = f"?{asked.query}" if asked.query else ""
            request.url = f"{self._base_url}{asked.path}{query}"
            # Proxies were chosen for salesforce.com; the address really called has its own.
            kwargs["proxies"] = get_environ_proxies(request.url)
        response = super().send(request, *args, **kwargs)
        self.retry_after = wait_of(response.headers.get("Retry-After"))
        return response


def open_session(outbound: Outbound) -> requests.Session:
    """A session whose https requests all go through ``outbound``; it follows no redirect."""
    session = requests.Session()
    session.mount("https://", outbound)
    # The REST API never redirects; a redirect would carry the token to a place nobody named.
    session.max_redirects = 0
    return session


def wait_of(header: str | None) -> timedelta | None:
    """The wait that a Retry-After header asks for: seconds or a date (RFC 9110, 10.2.3)."""
    if not header:
        return None
    if header.strip().isdigit():
        return timedelta(seconds=int(header))
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(until - datetime.now(UTC), timedelta(0))
