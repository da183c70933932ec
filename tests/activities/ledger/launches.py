"""A launched campaign in the ledger alone: what a worker would do with it, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from activities.dispatch import enroll
from activities.ledger import Ledger
from activities.ledger.admissions import Request
from activities.ledger.effects import Intent, Settlement, settle, write_intent
from activities.ledger.launching import Asked, next_to_ask, note_asked, release_due
from activities.ledger.leads import Lead, find_lead
from activities.ledger.publishing import Version, newest_version
from activities.ledger.selecting import Selected, Selection, open_launch, select_leads
from activities.ledger.wave_figures import Wave, figures_of
from activities.ledger.waves import audience_counts, cause_of
from tests.activities.ledger.scenes import ACCOUNTS, a_lead, make
from workflows.contracts import enrollment_id

OFTEN: dict[str, Any] = {"sizes": [2, 3], "window": {"always": True}}


async def launch(
    ledger: Ledger, leads: Sequence[Lead], waves: dict[str, Any] | None = None, **more: Any
) -> Version:
    """Publish a campaign with these waves, and launch it with these leads."""
    await make(ledger, campaign={"waves": OFTEN if waves is None else waves}, **more)
    await launch_again(ledger, leads)
    async with ledger.reading() as tx:
        return await newest_version(tx, "spring")


async def launch_again(
    ledger: Ledger, leads: Sequence[Lead], *, again: bool = False, keep: bool = True
) -> list[Selected]:
    """Launch the campaign with these leads; what becomes of each."""
    async with ledger.reading() as tx:
        version = await newest_version(tx, "spring")
    selection = Selection(version, ACCOUNTS, "Ada", again, keep)
    if keep:
        await open_launch(ledger, selection)
    return await select_leads(ledger, selection, leads)


def some_leads(ledger: Ledger, count: int) -> list[Lead]:
    """Leads, each another person."""
    return [a_lead(ledger, number) for number in range(1, count + 1)]


async def release_one(ledger: Ledger, version: Version) -> str:
    """Release the wave that is due; why not, if none was."""
    return (await release_due(ledger, version, ACCOUNTS.of("default"))).why_not


async def ask_in(ledger: Ledger, version: Version, most: int = 100) -> list[str]:
    """Ask leads of released waves in; the answers."""
    async with ledger.reading() as tx:
        waiting = await next_to_ask(tx, version.automation, most)
    answers = []
    for one in waiting:
        async with ledger.reading() as tx:
            lead = await find_lead(tx, version.center, one.lead)
        assert lead
        cause = cause_of(version.automation, one.turn, one.lead)
        done = await enroll(ledger, None, Request(version.automation, lead, cause), ACCOUNTS)
        answers.append(Asked(one.lead, done.refused))
    await note_asked(ledger, version.automation, answers)
    return [one.refused for one in answers]


async def mail(ledger: Ledger, lead: Lead, state: str = "SENT", step: str = "a") -> str:
    """A mail of the campaign to a lead that is inside; its key."""
    enrollment = enrollment_id("spring", lead.lead)
    key = f"{enrollment}/1/{step}/1/send_email"
    about = {"enrollment": enrollment, "entry": 1, "step": step, "visit": 1}
    about |= {"lead": lead.lead, "person": lead.person}
    intent = Intent(key, "default", "send_email", "smtp", {}, "", about)
    async with ledger.transaction() as tx:
        await write_intent(ledger, tx, intent, "a worker")
        if state != "INTENT":
            await settle(ledger, tx, key, Settlement(state))
    return key


async def counts(ledger: Ledger) -> dict[str, int]:
    """How many leads of the audience are in which state."""
    async with ledger.reading() as tx:
        return await audience_counts(tx, "spring")


async def figures(ledger: Ledger) -> list[Wave]:
    """The waves in numbers."""
    async with ledger.reading() as tx:
        return await figures_of(ledger, tx, "spring")
