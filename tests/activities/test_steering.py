"""Handed-over leads are stopped at Smartlead until it confirms; after that no mail leaves there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from activities.ledger import Ledger
from activities.ledger.effects import Intent, give_back, write_intent
from activities.ledger.handovers import (
    Handover,
    change_handover,
    find_handover,
    note_sent,
    open_handover,
    unconfirmed,
    want,
)
from activities.steering import Steering
from activities.vendors.smartlead import Smartlead, SmartleadLogin
from starters.sandbox.smartlead import Member, SmartleadSandbox
from tests.activities.ledger.scenes import a_lead, enter, happens, make
from tests.migrated import migrated_ledger
from tests.sandboxed import Running, running_sandbox

CAMPAIGN, KEY, TOKEN = 4711, "enrollment:spring:x/1/hand/1", "our-key"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("steering")) as found:
        yield found


@dataclass
class Scene:
    """One lead that was handed over, and what steers it."""

    ledger: Ledger
    running: Running
    smartlead: Smartlead
    email: str

    @property
    def vendor(self) -> SmartleadSandbox:
        return self.running.sandbox.smartlead

    @property
    def member(self) -> Member | None:
        return next(iter(self.vendor.members(self.email)), None)

    async def lend(self, *, added: bool = True, told: bool = True, key: str = TOKEN) -> None:
        """Hand the lead over; perhaps the vendor has it and could not tell."""
        lead = a_lead(self.ledger, email=self.email)
        enrollment = await enter(self.ledger, lead)
        row = {
            **{"center": "default", "key": KEY, "enrollment": enrollment, "entry": 1},
            **{"step": "hand", "visit": 1, "automation": "spring", "lead": lead.lead},
            **{"person": lead.person, "domain": "lead.example", "token": TOKEN},
            **{"campaign": CAMPAIGN, "mails": 3},
        }
        payload = {"campaign": CAMPAIGN, "lead": {"email": self.email}, "key": TOKEN}
        effect = f"{KEY}/hand_over_lead"
        intent = Intent(
            effect, "default", "hand_over_lead", "smartlead", payload, "", {"lead": lead.lead}
        )
        async with self.ledger.transaction() as tx:
            await open_handover(self.ledger, tx, row)
            await write_intent(self.ledger, tx, intent, "one")
        if added:
            await self.smartlead.add_lead(CAMPAIGN, {"email": self.email}, key)
        if told and self.member:
            there = {"state": "ACTIVE", "vendor_lead": str(self.member.id)}
            async with self.ledger.transaction() as tx:
                await change_handover(tx, KEY, **there)
        await give_back(self.ledger, effect, "one")

    async def replies(self) -> None:
        await happens(self.ledger, a_lead(self.ledger, email=self.email), "reply")

    async def wants(self, what: str, serial: int) -> None:
        async with self.ledger.transaction() as tx:
            await want(self.ledger, tx, KEY, what, serial)

    async def steer(self) -> str:
        """The code of what kept the vendor from confirming; empty if it has."""
        failure = await Steering(self.ledger, self.smartlead).steer(KEY)
        return failure.code if failure else ""

    async def row(self) -> Handover:
        async with self.ledger.reading() as tx:
            found = await find_handover(tx, KEY)
        assert found is not None
        return found

    def mails_after_another_day(self) -> int:
        """How many mails the lead has got there once whatever was due has left."""
        self.vendor.tick()
        return len(self.vendor.mails(self.email))


@pytest.fixture
async def scene(
    running: Running, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Scene]:
    ledger = await Ledger.open(migrated_ledger(tmp_path))
    await make(ledger, campaign={"exits": {"on": ["reply"]}})
    key = SecretStr(running.sandbox.secrets.smartlead.api_key)
    login = SmartleadLogin(api_key=key, base_url=f"{running.web}/smartlead/api/v1")
    email = f"{abs(hash(request.node.name))}@lead.example"
    yield Scene(ledger, running, Smartlead(login), email)
    running.sandbox.faults.clear()
    await ledger.close()


async def test_no_mail_leaves_there_once_the_stop_is_confirmed(scene: Scene) -> None:
    await scene.lend()
    assert scene.mails_after_another_day() == 1
    await scene.replies()
    assert (await scene.steer(), (await scene.row()).state) == ("", "ENDED")
    assert scene.mails_after_another_day() == 1
    assert await scene.steer() == ""
    assert scene.running.logged("smartlead", "refused") == []


async def test_without_a_stop_the_mails_go_on(scene: Scene) -> None:
    await scene.lend()
    await scene.steer()
    assert [scene.mails_after_another_day() for _ in range(3)] == [1, 2, 3]


async def test_a_stop_that_cannot_be_confirmed_is_listed_until_it_is(scene: Scene) -> None:
    await scene.lend()
    await scene.replies()
    scene.running.sandbox.faults.set("smartlead", "pause", "drop")
    scene.running.sandbox.faults.set("smartlead", "pause", "drop_after_commit")
    for _ in range(2):
        assert await scene.steer() == "disconnected"
        async with scene.ledger.reading() as tx:
            (listed,) = await unconfirmed(tx, None, 10)
        assert (listed.key, "disconnected" in listed.problem) == (KEY, True)
    assert await scene.steer() == ""
    async with scene.ledger.reading() as tx:
        assert await unconfirmed(tx, None, 10) == []
    assert scene.mails_after_another_day() == 0


async def test_a_lead_that_cannot_be_paused_is_taken_out(scene: Scene) -> None:
    await scene.lend()
    assert [scene.mails_after_another_day() for _ in range(2)] == [1, 2]
    await scene.replies()
    assert (await scene.steer(), (await scene.row()).ended_how) == ("", "removed")
    assert (scene.member, scene.mails_after_another_day()) == (None, 2)


async def test_a_pause_here_is_a_pause_there_and_so_is_going_on(scene: Scene) -> None:
    await scene.lend()
    for serial, (what, state, mails) in enumerate(
        [("pause", "PAUSED", 0), ("go", "ACTIVE", 1), ("pause", "PAUSED", 1)], start=1
    ):
        await scene.wants(what, serial)
        assert (await scene.steer(), (await scene.row()).state) == ("", state)
        assert scene.mails_after_another_day() == mails


async def test_an_attempt_that_never_reported_back_is_stopped_too(scene: Scene) -> None:
    await scene.lend(told=False)
    await scene.replies()
    assert (await scene.steer(), (await scene.row()).ended_how) == ("", "paused")
    assert scene.mails_after_another_day() == 0


async def test_a_pause_before_the_lead_is_there_ends_nothing(scene: Scene) -> None:
    await scene.lend(added=False, told=False)
    await scene.wants("pause", 1)
    assert (await scene.steer(), (await scene.row()).state) == ("", "PAUSED")
    await scene.wants("go", 2)
    assert (await scene.steer(), (await scene.row()).state) == ("", "ADDING")
    await scene.smartlead.add_lead(CAMPAIGN, {"email": scene.email}, TOKEN)
    await scene.replies()
    assert (await scene.steer(), (await scene.row()).ended_how) == ("", "paused")


@pytest.mark.parametrize("key", ["", "of another enrollment"])
async def test_a_lead_that_is_not_ours_is_left_alone(scene: Scene, key: str) -> None:
    await scene.lend(added=bool(key), told=False, key=key)
    await scene.replies()
    assert (await scene.steer(), (await scene.row()).ended_how) == ("", "never there")
    assert scene.mails_after_another_day() == bool(key)


async def test_a_lead_that_has_had_all_its_mails_needs_no_stop(scene: Scene) -> None:
    await scene.lend()
    async with scene.ledger.transaction() as tx:
        await note_sent(tx, KEY, 3)
    await scene.wants("end", 1)
    assert (await scene.steer(), (await scene.row()).ended_how) == ("", "completed")


async def test_without_an_account_no_stop_is_confirmed(scene: Scene) -> None:
    await scene.lend()
    await scene.replies()
    failure = await Steering(scene.ledger, None).steer(KEY)
    assert failure is not None
    assert (failure.code, (await scene.row()).state) == ("not_configured", "ACTIVE")
