"""The unsubscribe link (RFC 8058), over real HTTP; Temporal is down throughout."""

from __future__ import annotations

from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from activities.ledger.tables import admissions, deliveries, effects, inbox, suppressions
from tests.starters.arrivals import (
    ADA,
    ADDRESSES,
    ENROLLMENT,
    TOKEN,
    Arrivals,
    event,
    open_ingress,
)

LINK = f"/u/{TOKEN}"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
async def arrivals(tmp_path: Path) -> AsyncIterator[Arrivals]:
    async with open_ingress(tmp_path) as found:
        yield found


class Page(HTMLParser):
    """What a browser and a screen reader would find in a page."""

    def __init__(self, page: httpx.Response) -> None:
        super().__init__()
        self.elements: dict[str, dict[str, str | None]] = {}
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] = dict(attrs)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_looking_at_the_link_opts_nobody_out(arrivals: Arrivals, method: str) -> None:
    for _ in range(3):
        assert (await arrivals.http.request(method, LINK)).status_code == 200
    assert await arrivals.rows(inbox, "id") == []
    assert await arrivals.rows(suppressions, "subject") == []


async def test_the_page_works_without_script_and_its_button_opts_out(arrivals: Arrivals) -> None:
    shown = await arrivals.http.get(LINK)
    page = Page(shown)
    assert page.elements["html"]["lang"] == "en"
    assert {"title", "main", "h1", "button"} <= set(page.elements)
    assert "script" not in page.elements
    assert page.elements["form"] == {"method": "post"}
    hidden = page.elements["input"]
    pressed = await arrivals.http.post(LINK, data={str(hidden["name"]): hidden["value"]})
    assert "You have been unsubscribed" in pressed.text
    assert {row[0] for row in await arrivals.rows(suppressions, "reason")} == {"unsubscribed"}


async def test_the_page_names_nobody_and_passes_its_address_on_to_nobody(
    arrivals: Arrivals,
) -> None:
    shown = await arrivals.http.get(LINK)
    assert shown.headers["referrer-policy"] == "no-referrer"
    assert shown.headers["cache-control"] == "no-store"
    assert "set-cookie" not in shown.headers
    for word in (TOKEN, ADA, ADDRESSES[ADA], "spring"):
        assert word not in shown.text


@pytest.mark.parametrize(
    "body",
    [
        {"data": ONE_CLICK},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {"content": b""},
        {"content": b"x" * 2_000_000},
    ],
    ids=["form", "multipart", "empty", "large"],
)
async def test_a_post_of_any_shape_opts_out_before_it_is_answered(
    arrivals: Arrivals, body: dict[str, object]
) -> None:
    answer = await arrivals.http.request("POST", LINK, **body)  # type: ignore[arg-type]
    assert answer.status_code == 200
    assert await arrivals.rows(inbox, "kind", "lead", "data") == [
        ("unsubscribe", ADA, {"via": "one-click", "step": "hello"})
    ]
    assert await arrivals.rows(admissions, "stop_reason") == [("unsubscribed",)]
    assert await arrivals.rows(deliveries, "enrollment") == [(ENROLLMENT,)]
    assert "mark_unsubscribed" in [row[0] for row in await arrivals.rows(effects, "activity")]


async def test_the_token_is_in_no_event_id(arrivals: Arrivals) -> None:
    await arrivals.http.post(LINK, data=ONE_CLICK)
    ((event_id,),) = await arrivals.rows(inbox, "id")
    assert TOKEN not in event_id


async def test_a_second_click_is_answered_alike_and_changes_nothing(arrivals: Arrivals) -> None:
    first = await arrivals.http.post(LINK, data=ONE_CLICK)
    second = await arrivals.http.post(LINK, data=ONE_CLICK)
    assert (second.status_code, second.text) == (200, first.text)
    assert len(await arrivals.rows(inbox, "id")) == 1


async def test_a_click_after_the_opt_out_was_lifted_opts_out_again(arrivals: Arrivals) -> None:
    for times in (1, 2, 3):
        await arrivals.run_sql("DELETE FROM suppressions")
        await arrivals.http.post(LINK, data=ONE_CLICK)
        scopes = sorted(row[0] for row in await arrivals.rows(suppressions, "scope"))
        assert scopes == ["lead", "person"]
        assert len(await arrivals.rows(inbox, "id")) == times


@pytest.mark.parametrize(
    "token", ["c" * 40, TOKEN.upper(), TOKEN[:-1], "x", "%00", "' OR 1=1", "%F0%9F%98%80"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_unknown_link_is_not_found_and_opts_nobody_out(
    arrivals: Arrivals, token: str, method: str
) -> None:
    answer = await arrivals.http.request(method, f"/u/{token}")
    assert answer.status_code == 404
    assert "not known here" in answer.text
    assert await arrivals.rows(inbox, "id") == []


async def test_an_opt_out_that_cannot_be_saved_is_not_claimed(arrivals: Arrivals) -> None:
    await arrivals.run_sql(
        "CREATE TRIGGER full BEFORE INSERT ON inbox BEGIN"
        " SELECT RAISE(ABORT, 'database or disk is full'); END"
    )
    answer = await arrivals.http.post(LINK, data=ONE_CLICK)
    assert answer.status_code == 503
    assert "not yet unsubscribed" in answer.text
    assert "form" in Page(answer).elements
    assert await arrivals.rows(suppressions, "subject") == []


async def test_the_link_of_an_old_mail_still_opts_out(arrivals: Arrivals) -> None:
    await arrivals.run_sql("UPDATE admissions SET state = 'CLOSED', closed_at = 0")
    assert (await arrivals.http.post(LINK)).status_code == 200
    asked = event(kind="enroll", automation="spring", lead=ADA, email=ADDRESSES[ADA])
    assert (await arrivals.post_events(asked)).json()["refused"] == "suppressed: unsubscribed"


async def test_a_flood_of_forged_links_opts_nobody_out(arrivals: Arrivals) -> None:
    answers = {
        (await arrivals.http.post(f"/u/{number:040x}", data=ONE_CLICK)).status_code
        for number in range(200)
    }
    assert answers == {404}
    assert await arrivals.rows(suppressions, "subject") == []
    assert await arrivals.rows(inbox, "id") == []
