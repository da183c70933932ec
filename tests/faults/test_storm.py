"""A small storm, and a guard taken out, on real processes; ``make faults`` runs the larger ones."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.faults.campaigns import CAP, CAPPED
from tests.faults.controls import CONTROLS, try_controls
from tests.faults.storm import Wish, lines, storm
from tests.faults.strikes import strikes
from tests.faults.tiers import TIERS
from tests.faults.upstream import cast

SEED = 1


async def test_a_storm_loses_nothing_doubles_nothing_and_sends_nothing_after_a_stop(
    tmp_path: Path,
) -> None:
    outcome = await storm(Wish(TIERS["test"], SEED), tmp_path)
    told = [f"{one.invariant}: {one.what}" for one in outcome.violations]
    assert not told, "\n".join([*told, *lines([outcome]), f"logs: {tmp_path}"])
    assert outcome.settled
    # What did not happen proves nothing.
    assert outcome.figures.mails > outcome.figures.enrollments
    assert outcome.struck["kill_worker"]
    assert outcome.struck["kill_server"]
    assert outcome.struck["fault"]
    assert {one.approved for one in outcome.facts.decided} == {True, False}
    automations = Counter(entry.automation for entry in outcome.facts.entries)
    assert automations[CAPPED] > CAP


async def test_without_the_gate_the_checker_reports_mails_after_a_stop(tmp_path: Path) -> None:
    gate = [control for control in CONTROLS if control.guard == "gate"]
    (shown,) = await try_controls(gate, tmp_path)
    assert {violation.invariant for violation in shown.violations} == {"I4"}


def test_the_same_seed_gives_the_same_storm_and_another_seed_another() -> None:
    tier = TIERS["full"]
    assert cast(1, tier) == cast(1, tier) != cast(2, tier)
    assert strikes(1, tier, 1.0) == strikes(1, tier, 1.0) != strikes(2, tier, 1.0)


def test_every_kind_of_strike_is_in_the_full_tier() -> None:
    kinds = {strike.kind for strike in strikes(SEED, TIERS["full"], 1.0)}
    assert kinds == {
        "kill_worker",
        "replace_worker",
        "deploy",
        "freeze_worker",
        "kill_server",
        "kill_ingress",
        "shake_ledger",
        "reset",
        "terminate",
        "disable",
        "enable",
        "back_up",
        "restore",
        "fault",
    }


def test_a_worker_is_killed_no_faster_than_it_can_start() -> None:
    tier = TIERS["full"]
    slow = [one for one in strikes(SEED, tier, 4.0) if one.kind == "kill_worker"]
    fast = [one for one in strikes(SEED, tier, 0.5) if one.kind == "kill_worker"]
    assert len(slow) < len(fast) < tier.lasts / (0.8 * tier.worker_every) + 1
