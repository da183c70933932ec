"""Lifting a suppression: an operator's act alone, with who, when and why; the history stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.erasing import forgive
from activities.ledger.leads import person_of
from activities.ledger.suppression_history import Lifting, Subject, history_of, in_force, lift
from starters.commands.opened import Opened
from starters.commands.output import Refused
from starters.commands.whom import Known, Whom, domain_meant, number_meant, person_meant

CHANNEL_OF = {"all": None, "email": "email", "sms": "sms"}
SHOWN = ("scope", "channel", "act", "reason", "at", "done_by", "source", "event")


@dataclass(frozen=True, slots=True)
class Lifted:
    """What was lifted, what still holds, and all that ever was, oldest first."""

    lifted: list[dict[str, Any]]
    still: list[dict[str, Any]]
    history: list[dict[str, Any]]


async def subjects_meant(here: Opened, whom: Whom) -> tuple[list[Subject], Known | None]:
    """Under what the suppressions of somebody stand.

    Raises:
        Refused: the lead is unknown.
        BadLead: the address or the number is none.
        WrongUse: the domain is none.
    """
    if whom.domain:
        return [("domain", domain_meant(whom.domain))], None
    if whom.phone or whom.number:
        return [("phone", number_meant(here, whom))], None
    known = await _known(here, whom)
    if whom.campaign:
        names = (known.person, *known.leads)
        return [("campaign", f"{whom.campaign}/{name}") for name in names], known
    persons = [person_of(here.ledger, whom.center, None, one) for one in known.leads]
    subjects: list[Subject] = [("person", one) for one in (known.person, *persons)]
    return subjects + [("lead", one) for one in known.leads], known


async def _known(here: Opened, whom: Whom) -> Known:
    """Also of a record that is suppressed and not known, or no more."""
    try:
        return await person_meant(here, whom)
    except Refused:
        lead = whom.lead or ""
        subjects: list[Subject] = [("lead", lead)]
        async with here.ledger.reading() as tx:
            if not await history_of(tx, whom.center, subjects):
                raise
        return Known(person_of(here.ledger, whom.center, None, lead), (lead,))


async def history(here: Opened, whom: Whom) -> Lifted:
    """What holds for somebody, and all that ever was."""
    subjects, _ = await subjects_meant(here, whom)
    async with here.ledger.reading() as tx:
        return await _told(tx, whom, subjects, [])


async def unsuppress(here: Opened, whom: Whom, lifting: Lifting, *, even_erased: bool) -> Lifted:
    """Lift what holds for somebody, in one channel or in all.

    Raises:
        Refused: nothing holds, or the person was erased and that is not what was meant.
    """
    subjects, known = await subjects_meant(here, whom)
    locks = [f"person:{known.person}"] if known else []
    forgiven: list[Subject] = []
    async with here.ledger.transaction(*locks) as tx:
        if known and not whom.campaign:
            forgiven = await forgive(here.ledger, tx, whom.center, (known.leads, known.person))
            if forgiven and not even_erased:
                # Nothing is written: the transaction is rolled back.
                raise Refused(
                    "erased: who was erased is not written to again. If they have asked for it, "
                    "say so: --even-erased"
                )
            subjects = list(dict.fromkeys((*subjects, *forgiven)))
        found = await lift(here.ledger, tx, whom.center, subjects, lifting)
        if not found and not forgiven:
            raise Refused("nothing is suppressed there: --history shows what ever was")
        return await _told(tx, whom, subjects, found)


async def _told(
    tx: AsyncConnection, whom: Whom, subjects: list[Subject], lifted: list[Mapping[str, Any]]
) -> Lifted:
    still = await in_force(tx, whom.center, subjects)
    lines = await history_of(tx, whom.center, subjects)
    return Lifted(
        [_shown(one) for one in lifted],
        [_shown(one) for one in still],
        [_shown(one) for one in lines],
    )


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in SHOWN if name in row}
