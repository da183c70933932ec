"""The ledger: durable, in time, with its own key; and what it has that a person should look at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from activities.ledger import Ledger
from activities.ledger.figures import Figures, read_figures
from activities.ledger.migrations import HEAD
from activities.ledger.self_checks import (
    knows_its_people,
    newest_by_source,
    why_not_durable,
)
from config.settings import Settings
from starters.doctor.finding import Finding, unless
from workers.leading import LEASE

SKEW = timedelta(seconds=30)
"""A worker whose clock is further off than this refuses to send."""

REPAIR_LAG = timedelta(minutes=1)
WAITED_LONG = timedelta(minutes=5)
SOURCES = ("events", "mail", "smartlead", "twilio", "one-click")


async def look_at_ledger(ledger: Ledger, settings: Settings) -> list[Finding]:
    """All about one open ledger.

    Raises:
        LedgerUnavailable: it stopped answering.
    """
    async with ledger.reading() as tx:
        skew = abs(await ledger.now(tx) - ledger.machine_clock())
        figures = await read_figures(ledger, tx)
        came = await newest_by_source(tx, SOURCES)
        durable, known = await why_not_durable(ledger, tx), await knows_its_people(ledger, tx)
    kind = "SQLite" if ledger.is_sqlite else "PostgreSQL"
    ages = {source: _ago(figures.now - at) for source, at in sorted(came.items())}
    heard = ", ".join(f"{source} {age}" for source, age in ages.items()) or "nothing came in yet"
    return [
        Finding("ledger", "ok", f"{kind} answers, at migration {HEAD}"),
        unless("ledger-durable", durable, (durable, "what was acknowledged outlives a power cut")),
        unless(
            "clock",
            skew > SKEW,
            (
                f"this machine's clock is {skew.total_seconds():.0f} s off the ledger's",
                "this machine's clock is the ledger's",
            ),
            "set it right (NTP): a worker that is more than 30 s off sends nothing",
        ),
        _secret(known, is_set=settings.secret is not None),
        Finding("events", "ok", f"newest events: {heard}"),
        *_what_waits(figures),
    ]


def _secret(known: bool | None, *, is_set: bool) -> Finding:
    where = "DRIPSTONE_SECRET" if is_set else "the ledger itself"
    if known is False:
        return Finding(
            "secret",
            "problem",
            f"the key from {where} did not make the ids of the people in the ledger: opt-outs "
            "would not be found, and unsubscribe links of mails that were sent would not work",
            "set DRIPSTONE_SECRET to the value that was in use before, or unset it if none was",
        )
    return Finding("secret", "ok", f"the key of person ids and links comes from {where}")


def _what_waits(figures: Figures) -> Iterator[Finding]:
    yield _repair_loop(figures)
    late = figures.oldest_delivery > WAITED_LONG
    yield unless(
        "deliveries",
        late,
        (
            f"{figures.deliveries} events wait to be told, the oldest for "
            f"{_age(figures.oldest_delivery)}",
            f"{figures.deliveries} events wait to be told",
        ),
        "is a worker running, and does it reach Temporal? What was stopped stays stopped meanwhile",
    )
    if figures.unknown:
        what = f"{figures.unknown} effects may or may not have happened"
        yield Finding("unknown-effects", "warning", what, "dripstone unknowns")
    else:
        yield Finding("unknown-effects", "ok", "it is known of every effect whether it happened")


def _repair_loop(figures: Figures) -> Finding:
    mend = "start a worker: dripstone worker"
    if figures.repair_until is None:
        return Finding("repair-loop", "problem", "no worker runs the repair loop", mend)
    lag = figures.now - (figures.repair_until - LEASE)
    what = (f"the worker at it was last heard {_ago(lag)}", "a worker runs it")
    return unless("repair-loop", lag > REPAIR_LAG, what, mend)


def _age(age: timedelta) -> str:
    minutes = int(age.total_seconds()) // 60
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} days"


def _ago(age: timedelta) -> str:
    return f"{_age(age)} ago"
