"""Where a request may go: each way of being led astray is refused, and what is fine is let by."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from activities.ledger.http_connections import HttpConnection
from activities.vendors.ports import Never
from activities.vendors.web import encoded, objection_to, url_of

BASE = "https://api.example.com/v2"


def account(**fields: Any) -> HttpConnection:
    return HttpConnection.model_validate({"base_url": BASE, **fields})


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.7"),
        *("203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1"),
        *("fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2001::1"),
        *("", "localhost", "127.1", "2130706433"),
    ],
)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert objection_to(address)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_a_public_address_is_let_by(address: str) -> None:
    assert objection_to(address) is None


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_let_by_only_where_it_is_allowed(address: str) -> None:
    assert objection_to(address) == "a loopback address"
    assert objection_to(address, loopback=True) is None


def test_to_allow_loopback_allows_nothing_else() -> None:
    for address in ("10.0.0.1", "169.254.169.254", "fe80::1", "0.0.0.0", "::"):
        assert objection_to(address, loopback=True) == "no public address"


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("", BASE),
        ("/", f"{BASE}/"),
        ("/leads/x-1", f"{BASE}/leads/x-1"),
        ("/a%20b/c;d=1", f"{BASE}/a%20b/c;d=1"),
        ("https://other.example.org/x", "https://other.example.org/x"),
        ("https://API.example.com/x", "https://api.example.com/x"),
        ("https://other.example.org:8443/x", "https://other.example.org:8443/x"),
    ],
)
def test_a_path_follows_the_base_or_names_an_allowed_host(path: str, url: str) -> None:
    allowed = account(allowed_hosts=["other.example.org", "other.example.org:8443"])
    assert url_of(allowed, path, {}) == url


@pytest.mark.parametrize(
    "path",
    [
        *("leads", "@evil.example", ".evil.example", ":8443/x", "//evil.example/x"),
        *("https://evil.example", "https://evil.example/https://api.example.com"),
        *("https://api.example.com@evil.example/", "https://user:pw@api.example.com/"),
        *("https://api.example.com.evil.example/", "https://api.example.com:22/"),
        *(
            "https://xn--/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://2130706433/",
            "https:///x",
        ),
        *("/a/../b", "/..", "/./x", "/%2e%2e/x", "/%2E./x", "/a%2f..%2fb", "/a%5c..%5cb"),
        *("/a\\..\\b", "/a b", "/a?x=1", "/a#x", "/a\r\nX-Evil: 1", "/a%0d%0aX", "/a%00", "/%zz"),
        *("/é", "http://api.example.com/", "file:///etc/passwd", "gopher://api.example.com"),
        "/" + "a" * 9000,
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(Never) as caught:
        url_of(account(), path, {})
    assert caught.value.code == "bad_address"
    assert "evil" not in str(caught.value)


PIECES = [
    *("https://", "api.example.com", "eu.example.org", "evil.example", "/", "//", "\\", "@", ":"),
    *("8443", "..", ".", "%2e", "%2f", "%5c", "%40", "?", "#", "[", "]", "::1", "%00", "\r\n"),
    *(" ", "é", "%", "xn--", "\u3002", ";", "=", "a"),
]


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.lists(st.sampled_from(PIECES), max_size=7).map("".join))
def test_whatever_a_path_says_two_parsers_agree_that_it_leads_to_an_allowed_host(path: str) -> None:
    try:
        url = url_of(account(allowed_hosts=["eu.example.org"]), path, {})
    except Never:
        return
    read = urlsplit(url)
    assert (read.scheme, read.username, read.port) == ("https", None, None)
    assert (read.hostname or "").rstrip(".") in ("api.example.com", "eu.example.org")
    assert path.startswith("https://") or read.path.startswith("/v2")
    assert "/../" not in f"{url}/"


@pytest.mark.parametrize("value", ["../x", "..", "a/b", "a?b#c", "@evil", "ü&=", "\r\n", "%2e%2e"])
def test_a_field_in_a_path_stays_one_segment_or_is_refused(value: str) -> None:
    path = f"/leads/{encoded(value)}/notes"
    try:
        url = url_of(account(), path, {})
    except Never:
        assert value in ("../x", "..", "\r\n")
        return
    assert url.startswith(f"{BASE}/leads/")
    assert url.endswith("/notes")
    assert url.count("/") == f"{BASE}/leads/x/notes".count("/")


def test_what_a_query_says_stays_in_the_query() -> None:
    url = url_of(account(), "/x", {"a b": "1&b=2#/../", "c": "é\r\n"})
    assert url == f"{BASE}/x?a%20b=1%26b%3D2%23%2F..%2F&c=%C3%A9%0D%0A"


@pytest.mark.parametrize(
    "fields",
    [
        {"base_url": "http://api.example.com"},
        {"base_url": "https://user:pw@api.example.com"},
        {"base_url": "https://api.example.com/x?key=1"},
        {"base_url": "https://api.example.com/a/../b"},
        {"base_url": "ftp://api.example.com"},
        {"allowed_hosts": ["https://other.example"]},
        {"allowed_hosts": ["other.example/path"]},
        {"allowed_hosts": ["*"]},
        {"time_out_seconds": 60},
        {"auth": {"kind": "bearer", "token": "in-the-file"}},
        {"auth": {"kind": "bearer", "token_env": "lower case"}},
        {"auth": {"kind": "header", "header": "X-A: b\r\nX", "value_env": "A"}},
        {"auth": {"kind": "basic", "username": "a:b", "password_env": "A"}},
        {"idempotency_header": "Bad Header"},
    ],
)
def test_a_connection_that_is_not_safe_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        account(**fields)
