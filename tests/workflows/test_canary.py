"""No personal data and no secret where none is meant to be: in Temporal, in logs, in the ledger."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from activities.ledger.personal_columns import PERSONAL, WORDS_OF_LEADS
from activities.ledger.tables import effects
from config.settings import CodecSettings
from tests.histories.journeys import ANSWERS, JOURNEYS
from tests.histories.outreach import LONG
from tests.histories.record import CAMPAIGN
from tests.workflows.aviary import Watched, aviary
from tests.workflows.canaries import (
    LAST,
    PERSON,
    WORDS,
    columns_with,
    email,
    files_with,
    marks_of,
    secrets_in,
    seen_in,
    spellings,
)
from tests.workflows.world import Journey

CODEC = CodecSettings(
    keys={"a": SecretStr(base64.b64encode(bytes(range(50, 82))).decode())}, active="a"
)
REST = "[{id: rest, kind: wait, for: 20 days}]"
NAMED = """
- id: named
  kind: branch
  arms: [{when: {field: last_name, op: equals, value: x}, go_to: rest}]
- {id: rest, kind: wait, for: 20 days}
"""
"""A condition on a field brings its value into the history: the one way there is."""

TOO_LONG = "[{id: push, kind: push, to: salesforce, fields: {Rating: about}}]"
TEXT = """
- {id: text, kind: send_sms, text: "Hi {{ lead.first_name }}. STOP ends this"}
- {id: rest, kind: wait, for: 20 days}
"""
ALL_AT_ONCE = (
    "reply",
    "unsubscribe",
    "out_of_office",
    "records",
    "web",
    "platforms",
    "texts",
    "reviewed",
    "handed_over",
)
IN_TURN = ("attention", "soft_bounce")
"""These order faults, which would strike others as well."""

Plays = Callable[[Watched], Awaitable[None]]


async def test_without_encryption_personal_data_and_secrets_are_where_they_are_meant_to_be(
    tmp_path: Path,
) -> None:
    async with aviary(tmp_path) as watched:
        await all_at_once(
            watched, *map(recorded, ALL_AT_ONCE), answers, texts_back, is_refused, is_told_of
        )
        for name in IN_TURN:
            await recorded(name)(watched)
        found = await columns_with(watched.world.ledger, marks_of(PERSON))
        assert set(found) == {
            f"{table}.{one}" for table in WORDS_OF_LEADS for one in WORDS_OF_LEADS[table]
        }
        assert await watched.leaks() == {}
        assert_looked_at(watched)
        await these_are_found(watched)


async def test_with_encryption_not_even_a_field_of_a_condition_can_be_read(tmp_path: Path) -> None:
    async with aviary(tmp_path, CODEC) as watched:
        await all_at_once(watched, *map(recorded, ("reply", "web")), answers, is_refused, is_named)
        assert await watched.leaks() == {}
        assert_looked_at(watched)


def assert_looked_at(watched: Watched) -> None:
    """Nothing would be found in files that hold nothing of the journeys."""
    marks = marks_of({"id": "enrollment:campaign-"})
    assert "temporal.db" in files_with(watched.directory / "temporal", marks)
    assert "worker.log" in files_with(watched.logs, marks)


async def these_are_found(watched: Watched) -> None:
    """The negative control: deliberate leaks, one of each kind."""
    await is_named(watched)
    async with watched.world.ledger.transaction() as tx:
        await tx.execute(update(effects).values(reason=WORDS))
    secret = secrets_in(watched.world.settings)["slack.token"]
    (watched.logs / "worker.err").write_text(f"posting with {secret}")
    leaks = await watched.leaks(metrics=f'sent_total{{to="{email(1)}"}} 1')
    assert leaks.pop("effects.reason") == {"words"}
    assert leaks.pop("worker.err") == {"slack.token"}
    assert leaks.pop("metrics") == {"address", "domain"}
    assert set(leaks) <= {"temporal.db", "temporal.db-wal"}
    assert [seen for seen in leaks.values() if "last name" in seen]


async def all_at_once(watched: Watched, *plays: Plays) -> None:
    for answer in ANSWERS:
        watched.world.sandbox.sandbox.receiver.answer_with(answer)
    async with asyncio.TaskGroup() as group:
        for play in plays:
            group.create_task(_through(play(watched)))


async def _through(play: Awaitable[None]) -> None:
    await play


def recorded(name: str) -> Plays:
    """One of the journeys whose histories are recorded."""
    steps, then = JOURNEYS[name]

    async def play(watched: Watched) -> None:
        journey = await entered(watched, steps, name.replace("_", "-"), **CAMPAIGN)
        await then(journey)
        await journey.ends()

    return play


async def entered(watched: Watched, steps: str, name: str = "", **campaign: object) -> Journey:
    world = watched.world
    return await world.enroll(await world.publish(steps, name, **campaign))


async def answers(watched: Watched) -> None:
    """The lead answers a mail in words of its own, through the ingress."""
    journey = await entered(watched, LONG, **CAMPAIGN)
    await journey.until_at("reply")
    await watched.answer_by_mail(journey, WORDS)
    assert (await journey.ends()).exit == "reply_received"


async def texts_back(watched: Watched) -> None:
    """The lead answers a text message."""
    journey = await entered(watched, TEXT, exits={"on": ["sms_opt_out", "reply"]})
    await journey.until_at("rest")
    await watched.answer_by_text(journey, WORDS)
    await journey.ends()


async def is_refused(watched: Watched) -> None:
    """Vendors refuse, and say whom or what: an unknown mailbox, a value that is too long."""
    world = watched.world
    pushed = await entered(watched, TOO_LONG)
    await pushed.until_at("push", "attention")
    mailed = await world.publish("[{id: a, kind: send_email, template: intro}]")
    unknown = world.lead(email=f"nobody.{email(world.count)}")
    assert (await (await world.enroll(mailed, unknown)).ends()).exit == "email_bounced"


async def is_told_of(watched: Watched) -> None:
    """Upstream systems tell of a lead, at length, and some of it cannot be taken."""
    world = watched.world
    trigger = {"kind": "event_added", "event": "form_sent"}
    follows = await world.publish(REST, trigger=trigger)
    journey = await entered(watched, REST)
    await journey.until_at("rest")
    about = {"lead": journey.lead.lead, "at": datetime.now(UTC).isoformat()}
    said = {"message": WORDS, "name": LAST, "email": journey.lead.email, "session": "s-1"}
    told: list[dict[str, object]] = [
        {"id": f"told-{kind}", "kind": kind, "data": said, **about}
        for kind in ("form_sent", "visited", "message", "lead_changed", "meeting_offered")
    ]
    told.append({"id": "in", "kind": "enroll", "automation": follows, "data": said, **about})
    assert (await watched.arrivals.post_events(told)).status_code == 200
    for wrong in (f"{WORDS} {LAST}", [{"id": WORDS, "kind": LAST, "at": journey.lead.email}]):
        assert (await watched.arrivals.post_events(wrong)).is_client_error
    await watched.arrivals.post_mail(f"From: {LAST}\r\n\r\n{WORDS}".encode())
    await journey.order("remove", by="an operator")


async def is_named(watched: Watched) -> None:
    """A condition looks at the lead's name."""
    await (await entered(watched, NAMED)).until_at("rest")


@pytest.mark.parametrize("text", [LAST, WORDS, email(7)])
@pytest.mark.parametrize("before", ["", "x", "xy", "xyz"])
def test_a_canary_is_found_however_it_is_written(text: str, before: str) -> None:
    marks = marks_of({"it": text})
    whole = f"{before}{text}, and more"
    for written in (
        whole.encode(),
        whole.upper().encode(),
        whole.encode("utf-16-le"),
        base64.b64encode(whole.encode()),
        base64.urlsafe_b64encode(whole.encode()),
        whole.encode().hex().encode(),
    ):
        assert seen_in(written, marks) == {"it"}
    assert seen_in(base64.b64encode(b"something else that is as long"), marks) == set()
    assert all(len(one) >= 8 for one in spellings(text))


def test_every_column_that_is_meant_for_words_is_personal() -> None:
    assert all(WORDS_OF_LEADS[table] <= PERSONAL[table].keys() for table in WORDS_OF_LEADS)
