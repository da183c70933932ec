"""How much is done in a tier: enrollments, how often what is killed, how many faults."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tier:
    """One size of the suite. All times are in seconds.

    ``lasts`` is how long strikes fall; leads enter during its first two thirds. A worker is killed
    every ``worker_every``, or every three times its start if that is longer. ``faults`` is the
    share of vendor calls that go wrong, ``copies`` how often each event is sent at most.
    ``patience`` bounds the wait for quiet afterwards. ``operator`` counts resets and terminations.
    ``takes_long``: with what a short storm has no time for, a restore and a new release.
    """

    name: str
    enrollments: int
    lasts: float
    worker_every: float
    server_every: float
    ledger_every: float
    ingress_every: float
    faults: float
    copies: int
    patience: float
    operator: int
    freeze: float = 27.0
    takes_long: bool = False
    slowest: float = 12.0


TIERS = {
    tier.name: tier
    for tier in (
        Tier("test", 60, 18, 4.0, 8.0, 7.0, 8.0, 0.2, 5, 150, 4, freeze=12.0),
        Tier("small", 60, 40, 3.0, 15.0, 12.0, 14.0, 0.2, 20, 240, 8),
        Tier("full", 150, 90, 3.0, 30.0, 25.0, 20.0, 0.2, 50, 300, 20, takes_long=True),
        Tier("main", 1000, 900, 2.0, 30.0, 60.0, 45.0, 0.2, 50, 900, 100, takes_long=True),
    )
}
