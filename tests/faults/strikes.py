"""What strikes when: a plan made from a seed before anything runs, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tests.faults.tiers import Tier

CALLS_PER_ENROLLMENT = 8
"""Three mails, three Tasks, a post and a stage."""

FaultKind = tuple[str, str, str, float | None]
"""Vendor, point, kind and value, as ``starters.sandbox.faults`` has them."""

SMTP: tuple[FaultKind, ...] = (
    *(("smtp", point, "drop", None) for point in ("connect", "ehlo", "mail", "rcpt", "data")),
    *(("smtp", point, "drop", None) for point in ("before_dot", "after_dot", "after_250")),
    *(("smtp", point, "status", 451) for point in ("connect", "mail", "rcpt", "data", "after_dot")),
    ("smtp", "after_dot", "slow", 2),
    ("smtp", "rcpt", "slow", 2),
)
HTTP: tuple[FaultKind, ...] = (
    ("salesforce", "api", "status", 503),
    ("salesforce", "api", "html", None),
    ("salesforce", "api", "drop", None),
    ("salesforce", "api", "drop_after_commit", None),
    ("salesforce", "upsert", "drop_after_commit", None),
    ("salesforce", "upsert", "slow", 2),
    ("salesforce", "update", "lock_row", None),
    ("salesforce", "api", "rate_limit", 1),
    ("slack", "chat.postMessage", "status", 503),
    ("slack", "chat.postMessage", "rate_limit", 1),
    ("slack", "chat.postMessage", "drop", None),
    ("slack", "chat.postMessage", "drop_after_commit", None),
)


@dataclass(frozen=True, slots=True)
class Strike:
    """One thing that goes wrong, ``at`` seconds after the start. ``number`` picks the victim; of a
    deployment, what is deployed."""

    at: float
    kind: str
    number: int = 0
    fault: FaultKind | None = None


def strikes(seed: int, tier: Tier, start_seconds: float) -> list[Strike]:
    """The plan. ``start_seconds`` is how long a worker was measured to take until it is at work."""
    chance = Random(f"{seed}/strikes")
    # On a machine that is busy with other things, at least three all the same.
    every = min(max(tier.worker_every, 3 * start_seconds), tier.lasts / 4)
    planned = [
        *_regular(chance, tier, "kill_worker", every),
        *_regular(chance, tier, "kill_server", tier.server_every),
        *_regular(chance, tier, "shake_ledger", tier.ledger_every),
        *_regular(chance, tier, "kill_ingress", tier.ingress_every),
        *_regular(chance, tier, "replace_worker", 4 * every),
        *_scattered(chance, tier, ("reset", "terminate"), tier.operator),
        Strike(tier.lasts * 0.1, "freeze_worker", chance.randrange(100)),
        Strike(tier.lasts * 0.3, "disable"),
        Strike(tier.lasts * 0.3 + 4, "enable"),
    ]
    if tier.takes_long:
        planned += [Strike(tier.lasts * 0.05, "deploy", 0), Strike(tier.lasts * 0.3, "deploy", 1)]
        planned += [Strike(tier.lasts * 0.5, "back_up"), Strike(tier.lasts * 0.5 + 6, "restore")]
    number = round(tier.faults * CALLS_PER_ENROLLMENT * tier.enrollments)
    for place in range(number):
        fault = chance.choice(SMTP if place % 2 else HTTP)
        if place == 0:  # longer than the mail client waits
            fault = ("smtp", "after_dot", "slow", tier.slowest)
        planned.append(Strike(chance.uniform(0, tier.lasts), "fault", fault=fault))
    return sorted(planned, key=lambda strike: strike.at)


def _regular(chance: Random, tier: Tier, kind: str, every: float) -> Iterator[Strike]:
    """Not at the very end: what a dead worker had in hand takes another half minute."""
    at = every * chance.uniform(0.5, 1)
    while at < tier.lasts * 0.8:
        yield Strike(at, kind, chance.randrange(100))
        at += every * chance.uniform(0.8, 1.2)


def _scattered(chance: Random, tier: Tier, kinds: tuple[str, ...], number: int) -> Iterator[Strike]:
    for _ in range(number):
        # Not before somebody is inside.
        at = chance.uniform(tier.lasts * 0.25, tier.lasts)
        yield Strike(at, chance.choice(kinds), chance.randrange(1000))
