"""From a connection and a rendered path to the address that is called. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

import httpx

from activities.ledger.http_connections import HttpConnection
from activities.vendors.ports import Never

_PATH = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@/%]*")
_LONGEST = 8000


def encoded(value: object) -> object:
    """A merge field as a path may have it: whatever is in the data, it stays one segment."""
    if isinstance(value, str):
        return quote(value, safe="")
    if isinstance(value, Mapping):
        return {name: encoded(part) for name, part in value.items()}
    if isinstance(value, list):
        return [encoded(part) for part in value]
    return value


def url_of(account: HttpConnection, path: str, query: Mapping[str, str]) -> str:
    """The address: ``path`` after the connection's base, or a whole address of an allowed host.

    Raises:
        Never: it leads elsewhere, or is no address.
    """
    whole = path.startswith("https://")
    url = path if whole else account.base_url.rstrip("/") + path
    _, _, rest = url.partition("://")
    _, _, inner = rest.partition("/")
    if not whole and path and (not path.startswith("/") or path.startswith("//")):
        raise _bad("path must begin with one /")
    if not _PATH.fullmatch(inner) or _climbs(inner):
        raise _bad("path may hold letters, digits and /-._~ only: %-encode the rest, and put what "
                   "follows a ? under query")  # fmt: skip
    parsed = checked_url(account, url)
    # Not httpx's own way: it would keep a space as +, which not every receiver reads back.
    told = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in query.items())
    full = str(parsed) + (f"?{told}" if told else "")
    if len(full) > _LONGEST:
        raise _bad(f"the address is longer than {_LONGEST} characters")
    return full


def checked_url(account: HttpConnection, url: str) -> httpx.URL:
    """The very value that is called, after everything but its DNS answer was looked at.

    Raises:
        Never: another scheme, a host that is not allowed, a user name.
    """
    try:
        parsed, base = httpx.URL(url), httpx.URL(account.base_url)
    except (httpx.InvalidURL, UnicodeError):
        raise _bad("it is no address") from None
    if parsed.userinfo or parsed.fragment or not parsed.raw_host:
        raise _bad("only scheme, host, port, path and query may stand in an address")
    if parsed.scheme != "https" and not (parsed.scheme == "http" and account.allow_loopback):
        raise _bad("it must be https")
    allowed = {_origin(base), *(_origin(httpx.URL(f"https://{h}")) for h in account.allowed_hosts)}
    if _origin(parsed) not in allowed:
        raise _bad("its host is not among the connection's allowed_hosts")
    return parsed


def _origin(url: httpx.URL) -> tuple[str, int]:
    host = url.raw_host.decode("ascii").lower().rstrip(".")
    return host, url.port or (80 if url.scheme == "http" else 443)


def _climbs(path: str) -> bool:
    """Whether a segment is ``.`` or ``..``, or hides one, or a control character."""
    return any(_is_odd(segment) for segment in path.split("/"))


def _is_odd(segment: str) -> bool:
    if re.search(r"%(?![0-9A-Fa-f]{2})", segment):
        return True
    plain = unquote(segment, errors="replace")
    parts = re.split(r"[/\\]", plain)
    return any(part in (".", "..") for part in parts) or not plain.isprintable()


def _bad(why: str) -> Never:
    return Never("http", "bad_address", f"{why}: mend the step or the lead, then retry")
