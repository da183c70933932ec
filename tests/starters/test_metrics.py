"""GET /metrics over real HTTP: what it counts, who may read it, and that it tells of nobody."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from starters.ingress import metrics
from tests.starters.arrivals import ADA, ADDRESSES, TOKEN, Arrivals, event, open_ingress
from tests.starters.commands import ROOT

Sample = tuple[str, frozenset[tuple[str, str]]]

LABELS = {"door", "answer", "source", "outcome", "state", "activity", "cause"}
A_HOLD = (
    "INSERT INTO holds (center, enrollment, entry, cause, since) VALUES "
    "('default', 'x', 1, 'center default is halted by ada: stop', 0)"
)
HOSTILE = "</script>ada@lead.example"


@pytest.fixture
async def arrivals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Arrivals]:
    monkeypatch.setattr(metrics, "FRESH", -metrics.FRESH)  # each look is a new one
    async with open_ingress(tmp_path) as found:
        yield found


async def figures(arrivals: Arrivals) -> dict[Sample, float]:
    answer = await arrivals.http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(answer.text)
    samples = [sample for family in families for sample in family.samples]
    return {(one.name, frozenset(one.labels.items())): one.value for one in samples}


def sample(name: str, **labels: str) -> Sample:
    return f"dripstone_{name}", frozenset(labels.items())


async def test_what_came_in_is_counted_by_source_and_by_what_became_of_it(
    arrivals: Arrivals,
) -> None:
    for _ in range(2):
        await arrivals.post_events(event())
    await arrivals.post_mail(b"From: ada@lead.example\n\nHello", token="wrong")
    await arrivals.http.post("/events", content=b"x" * 1_000_001)
    found = await figures(arrivals)
    events, requests = "ingress_events_total", "ingress_requests_total"
    assert found[sample(events, source="events", outcome="new")] == 1
    assert found[sample(events, source="events", outcome="known")] == 1
    assert found[sample(requests, door="/events", answer="taken")] == 2
    assert found[sample(requests, door="/events", answer="refused")] == 1
    assert found[sample(requests, door="/webhooks/mail", answer="unauthorised")] == 1


async def test_the_ledger_is_shown_in_numbers(arrivals: Arrivals) -> None:
    await arrivals.post_events(event(kind="meeting_booked"))
    await arrivals.run_sql(
        "UPDATE inbox SET received_at = received_at - 60000000",
        A_HOLD,
    )
    found = await figures(arrivals)
    assert found[sample("admissions", state="ADMITTED")] == 1
    assert found[sample("effects", activity="send_email", state="SENT")] == 1
    assert found[sample("effects", activity="create_event", state="PLANNED")] == 1
    assert found[sample("holds", cause="halted")] == 1
    assert found[sample("deliveries_pending")] == 1
    assert found[sample("delivery_oldest_seconds")] >= 60
    assert found[sample("repair_loop_lag_seconds")] == float("inf")
    assert (found[sample("ledger_up")], found[sample("temporal_up")]) == (1, 0)
    assert sample("attention") not in found


async def test_without_the_ledger_nothing_is_made_up(arrivals: Arrivals) -> None:
    await arrivals.run_sql("ALTER TABLE holds RENAME TO elsewhere")
    found = await figures(arrivals)
    assert found[sample("ledger_up")] == 0
    assert sample("deliveries_pending") not in found


async def test_no_label_tells_of_anybody_and_strangers_cannot_make_new_ones(
    arrivals: Arrivals,
) -> None:
    await arrivals.post_events(event(kind="unsubscribe", source=HOSTILE))
    before = len(await figures(arrivals))
    for number in range(30):
        await arrivals.http.get(f"/{number}/{HOSTILE}")
        await arrivals.http.get(f"/u/{number}{HOSTILE}")
        await arrivals.http.request(f"VERB{number}", "/events")
        body = event(id=f"h-{number}", kind=f"kind_{number}", data={"source": f"{number}"})
        await arrivals.post_events(body)
    text = (await arrivals.http.get("/metrics")).text
    for secret in (ADA, ADDRESSES[ADA], "lead.example", TOKEN, "spring", "script"):
        assert secret not in text
    found = await figures(arrivals)
    assert {name for _, labels in found for name, _ in labels} <= LABELS
    # Each door and each source once for each way of answering, whoever asks for what.
    assert len(found) <= before + 12


@pytest.mark.parametrize(
    ("token", "headers", "status"),
    [
        (None, {}, 200),
        (None, {"X-Forwarded-For": "203.0.113.9"}, 401),
        ("a scraper's", {}, 401),
        ("a scraper's", {"Authorization": "Bearer a scraper"}, 401),
        ("a scraper's", {"Authorization": "Bearer a scraper's", "X-Forwarded-For": "::1"}, 200),
    ],
)
async def test_figures_are_for_this_machine_or_for_who_has_the_token(
    tmp_path: Path, token: str | None, headers: dict[str, str], status: int
) -> None:
    given = SecretStr(token) if token else None
    async with open_ingress(tmp_path, metrics_token=given) as arrivals:
        answer = await arrivals.http.get("/metrics", headers=headers)
        assert answer.status_code == status
        assert ("dripstone_" in answer.text) == (status == 200)


async def test_the_page_of_metrics_names_what_there_is_and_nothing_else(arrivals: Arrivals) -> None:
    await arrivals.post_events(event())
    await arrivals.run_sql(A_HOLD)
    shown = {name for name, _ in await figures(arrivals)}
    # Without Temporal there is no attention; the gate's answers are a worker's.
    elsewhere = {"dripstone_attention", "dripstone_gate_answers_total"}
    page = (ROOT / "docs/metrics.md").read_text()
    named = set(re.findall(r"\bdripstone_[a-z_]+", page))
    assert named == {name for name in shown if not name.endswith("_created")} | elsewhere
    rules = yaml.safe_load(page.partition("```yaml\n")[2].partition("```")[0])
    (group,) = rules["groups"]
    assert all(rule["alert"] and rule["expr"] for rule in group["rules"])
