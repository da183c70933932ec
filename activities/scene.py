"""What an effect of a step is about: the entry, the lead, the pinned version, the accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.counting import count_answer
from activities.errors import as_application_error
from activities.ledger import Ledger
from activities.ledger.connections import CenterConnections, Connections
from activities.ledger.entries import find_entry
from activities.ledger.gate import Facts, judge_step
from activities.ledger.gate_answers import note_answer
from activities.ledger.high_water import BEHIND, find_behind
from activities.ledger.holding import put_hold, remove_hold
from activities.ledger.leads import Lead, find_lead, is_sample
from activities.ledger.lifecycle import find_obstacle
from activities.ledger.publishing import Version, find_version
from activities.ledger.suppressions import locks_of_domains, suppressed_in
from activities.ledger.windows import window_of
from activities.vendors.ports import Never, NotYet
from workflows.engine.effects import Effect, Outcome

LARGEST_SKEW = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that is read before an effect of a step is rendered and judged.

    ``key`` is the effect's; ``recipient`` is the address that a message goes to, once it is
    rendered.
    """

    key: str
    entry: Mapping[str, Any]
    lead: Lead
    version: Version
    accounts: CenterConnections
    recipient: str | None = None

    @property
    def locks(self) -> tuple[str, ...]:
        """A stop of this person and this effect wait for each other."""
        return (f"person:{self.lead.person}",)

    @property
    def shared(self) -> tuple[str, ...]:
        """Disabling the automation and this effect wait for each other."""
        return (f"automation:{self.version.automation}",)

    @property
    def shared_by_message(self) -> tuple[str, ...]:
        """As above, and suppressing the domain of the lead, or of where a message goes, too."""
        domains = locks_of_domains(self.lead.center, self.lead.email, self.recipient)
        return (*self.shared, *domains)


async def read_scene(ledger: Ledger, effect: Effect, connections: Connections) -> Scene:
    """Read what an effect is about.

    Raises:
        ApplicationError: of type ``Never``: the ledger knows nothing of the enrollment; retryable
            while the ledger is behind.
    """
    async with ledger.reading() as tx:
        entry = await find_entry(tx, effect.enrollment, effect.entry)
        lead = await find_lead(tx, entry["center"], entry["lead"]) if entry else None
        if (entry is None or lead is None) and await find_behind(tx):
            wait = timedelta(seconds=30)
            raise as_application_error(NotYet("dripstone", "ledger_behind", BEHIND, wait))
        if entry is None or lead is None:
            raise as_application_error(
                Never(
                    "dripstone",
                    "no_such_enrollment",
                    f"the ledger has no entry {effect.entry} of {effect.enrollment}: is "
                    "DRIPSTONE_LEDGER_URL the ledger that admitted it?",
                )
            )
        version = await find_version(tx, entry["automation"], entry["version"])
    return Scene(effect.key, entry, lead, version, connections.of(entry["center"]))


async def facts_of(ledger: Ledger, tx: AsyncConnection, scene: Scene) -> Facts:
    """What the gate's policy looks at for any effect of a step, read inside ``tx``."""
    entry = await find_entry(tx, scene.entry["enrollment"], scene.entry["entry"])
    sample = is_sample(scene.lead.lead)
    obstacle = await find_obstacle(ledger, tx, scene.version.automation, sample=sample)
    return Facts(
        now=await ledger.now(tx),
        admission=entry["state"] if entry else None,
        stop_reason=entry["stop_reason"] if entry else None,
        exit=entry["exit"] if entry else None,
        automation_state=obstacle.what if obstacle else "enabled",
        is_behind=await find_behind(tx) is not None,
    )


async def facts_of_message(
    ledger: Ledger, tx: AsyncConnection, scene: Scene, not_after: datetime | None
) -> Facts:
    """The same for a message to the lead; who is suppressed is for the caller to add.

    Raises:
        ApplicationError: this worker's clock is off, and so its attempts could not be judged.
    """
    facts = await facts_of(ledger, tx, scene)
    if abs(facts.now - ledger.machine_clock()) > LARGEST_SKEW:
        text = "this worker's clock is more than 30 s off the ledger's: set it right"
        raise as_application_error(NotYet("dripstone", "clock_skew", text))
    return replace(
        facts,
        kept_out=await suppressed_in(tx, scene.version.automation, scene.lead) or "",
        not_after=not_after,
        window=window_of(scene.version.definition, scene.accounts),
        zone=zone_of(scene),
    )


async def note_verdict(
    ledger: Ledger, tx: AsyncConnection, scene: Scene, verdict: Outcome | None
) -> Outcome | None:
    """Write down what the gate answered, unless it was go, and why; and a hold, so that whoever
    removes its cause finds the held."""
    count_answer(verdict)
    if verdict:
        await note_answer(ledger, tx, scene.key, scene.entry, verdict)
    if verdict and verdict.state == "held" and verdict.until is None:
        await put_hold(ledger, tx, scene.entry, verdict.cause)
    else:
        await remove_hold(tx, scene.entry["enrollment"], scene.entry["entry"])
    return verdict


async def judge_step_in(ledger: Ledger, tx: AsyncConnection, scene: Scene) -> Outcome | None:
    """The gate's verdict on an effect that is no message: None to go on, else why not."""
    return await note_verdict(ledger, tx, scene, judge_step(await facts_of(ledger, tx, scene)))


def zone_of(scene: Scene) -> str:
    """The lead's zone, else the window's, else the center's (UTC if it has none either)."""
    campaign = scene.version.definition.campaign
    window_zone = campaign.send_window.zone if campaign else None
    return scene.lead.zone or window_zone or scene.accounts.zone
