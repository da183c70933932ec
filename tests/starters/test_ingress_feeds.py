"""Heartbeats of feeds at POST /events, over real HTTP; Temporal is down throughout."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from activities.ledger.tables import feed_signs, inbox
from tests.starters.arrivals import open_ingress

OTHER_SECRET = "whsec_" + "b3RoZXJz" * 5


async def test_a_heartbeat_is_noted_and_is_an_event_about_nobody(tmp_path: Path) -> None:
    beat = {"id": "b-1", "kind": "feed_heartbeat", "data": {"feed": "replies"}}
    ago = datetime.now(UTC) - timedelta(minutes=5)
    beat["at"] = ago.isoformat()
    async with open_ingress(tmp_path) as arrivals:
        answer = await arrivals.post_events(beat)
        assert (answer.status_code, answer.json()["heard_at"]) == (200, ago.isoformat())
        assert await arrivals.rows(feed_signs, "feed", "heard_at") == [("replies", ago)]
        assert await arrivals.rows(inbox, "id") == []
        refused = await arrivals.post_events(beat | {"data": {"feed": "other"}})
        assert (refused.status_code, "no such feed" in refused.text) == (400, True)
        assert (await arrivals.post_events(beat, OTHER_SECRET)).status_code == 401
