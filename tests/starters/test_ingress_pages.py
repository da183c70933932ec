"""What the ingress shows a browser: no way to another host, nothing of a stranger's as markup."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.starters.arrivals import TOKEN, Arrivals, open_ingress

EVIL = "<script>alert(1)</script>"
ELSEWHERE = "https://evil.example/"
PATHS = [
    f"/u/{TOKEN}",
    f"/u/{TOKEN}/",
    f"/u/{quote(EVIL)}",
    f"/u/{TOKEN}?url={quote(ELSEWHERE)}&next={quote(EVIL)}",
    f"/u/{quote(ELSEWHERE, safe='')}",
    "//evil.example/%2e%2e/",
    "/healthz/",
    "/events/",
    f"/{quote(EVIL)}",
    f"/metrics?{quote(EVIL)}",
]


@pytest.fixture
async def arrivals(tmp_path: Path) -> AsyncIterator[Arrivals]:
    async with open_ingress(tmp_path) as found:
        yield found


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_no_path_leads_to_another_host_or_shows_a_script(
    arrivals: Arrivals, method: str
) -> None:
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Referer": ELSEWHERE}
    base = f"{arrivals.http.base_url}".rstrip("/")
    for path in PATHS:  # one ingress for all: to open one takes longer than to ask it
        answer = await arrivals.http.request(method, base + path, headers=headers)
        assert not answer.is_redirect, path
        assert "location" not in answer.headers, path
        assert "evil" not in answer.text, path
        assert "<script" not in answer.text, path
        policy = answer.headers.get("content-security-policy", "")
        is_page = answer.headers.get("content-type", "").startswith("text/html")
        wanted = ("default-src 'none'", "frame-ancestors 'none'") if is_page else ()
        assert all(part in policy for part in wanted), path


async def test_the_only_form_posts_to_its_own_page_and_needs_no_cookie(arrivals: Arrivals) -> None:
    shown = await arrivals.http.get(f"/u/{TOKEN}")
    assert '<form method="post">' in shown.text
    assert "form-action 'self'" in shown.headers["content-security-policy"]
    assert "set-cookie" not in shown.headers
