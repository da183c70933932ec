"""``python -m tests.faults [TIER]``: storms and negative controls; exit status 1 if one fails."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from starters.processes.ending import finish
from tests.faults.collecting import as_json
from tests.faults.controls import CONTROLS, Shown, try_controls
from tests.faults.storm import Outcome, Wish, lines, storm
from tests.faults.tiers import TIERS

MOST_SHOWN = 20


def main() -> None:
    """Read the options, run, print the table."""
    options = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    options.add_argument("tier", nargs="?", choices=TIERS, default="full")
    options.add_argument("--seed", type=int, action="append", help="may be given again; 1")
    options.add_argument("--ledger", choices=("sqlite", "postgres", "both"), default="sqlite")
    options.add_argument("--without-controls", action="store_true", help="storms alone")
    options.add_argument("--keep", type=Path, help="a directory for logs and facts; else removed")
    given = options.parse_args()
    ledgers = ("sqlite", "postgres") if given.ledger == "both" else (given.ledger,)
    seeds = given.seed or [1]
    wishes = [Wish(TIERS[given.tier], seed, ledger) for ledger in ledgers for seed in seeds]
    with tempfile.TemporaryDirectory(prefix="dripstone-faults-") as temporary:
        directory = given.keep or Path(temporary)
        outcomes = asyncio.run(_storms(wishes, directory))
        controls = () if given.without_controls else CONTROLS
        shown = asyncio.run(try_controls(controls, directory / "controls")) if controls else []
    print("\n" + "\n".join(lines(outcomes)))
    print("\n".join(_told(shown)))
    clean = all(outcome.settled and not outcome.violations for outcome in outcomes)
    finish(0 if clean and all(one.violations for one in shown) else 1)


async def _storms(wishes: list[Wish], directory: Path) -> list[Outcome]:
    outcomes = []
    for wish in wishes:
        place = directory / f"{wish.tier.name}-{wish.ledger}-{wish.seed}"
        place.mkdir(parents=True)
        print(f"{place.name}: {wish.tier.enrollments} leads", flush=True)
        outcome = await storm(wish, place)
        (place / "facts.json").write_text(as_json(outcome.facts))
        for line in _said(outcome):
            print(f"  {line}", flush=True)
        outcomes.append(outcome)
    return outcomes


def _said(outcome: Outcome) -> list[str]:
    struck = ", ".join(f"{number} {kind}" for kind, number in sorted(outcome.struck.items()))
    told = [f"struck: {struck}"]
    told.append(f"begun by the next release: {sum(run.is_newer for run in outcome.facts.runs)}")
    if not outcome.settled:
        told.append(f"not quiet after {outcome.wish.tier.patience:.0f} s")
    told += [f"{one.invariant}: {one.what}" for one in outcome.violations[:MOST_SHOWN]]
    return told + (["no violation"] if not outcome.violations else [])


def _told(shown: list[Shown]) -> list[str]:
    """One line a control: what is reported once its guard is taken out."""
    found = []
    for one in shown:
        first = one.violations[0].what if one.violations else "NOTHING: the checker looks away"
        found.append(f"without {one.control.guard}: {one.control.invariant}: {first}")
    return found


if __name__ == "__main__":
    main()
