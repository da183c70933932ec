"""Where leads stand now: the entries of the ledger, joined with what Temporal shows of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio.client import Client
from temporalio.service import RPCError

from activities.ledger.entries import newest_entry
from activities.ledger.leads import SAMPLE
from activities.ledger.listing import list_entries
from workers.plugin import TemporalUnreachable
from workflows.presentation import LEAD_ID, STATE, STEP

STATES = ("waiting", "held", "attention", "running", "closed")
AT_ONCE = 50
MOST = 1_000_000
LISTING_PATIENCE = timedelta(seconds=10)
_ID = re.compile(r"[A-Za-z0-9:_-]+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries to list; ``state`` is one of ``STATES``."""

    automation: str | None = None
    lead: str | None = None
    state: str | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """One entry: ``state`` and ``step`` as Temporal shows them while it lives."""

    enrollment: str
    entry: int
    automation: str
    version: int
    lead: str
    state: str
    step: str
    exit: str | None
    admitted_at: datetime
    closed_at: datetime | None


async def standings(tx: AsyncConnection, client: Client | None, wanted: Wanted) -> list[Standing]:
    """The entries wanted, newest first. Without a client, living ones stand as the ledger has it.

    Raises:
        TemporalUnreachable: Temporal stopped answering.
    """
    if wanted.state in (None, "closed"):
        closed = "CLOSED" if wanted.state else None
        rows = await list_entries(tx, wanted.automation, wanted.lead, closed, wanted.limit)
    else:
        rows = []
        assert client is not None
        for enrollment in await _in_state(client, wanted):
            newest = await newest_entry(tx, enrollment)
            rows += [newest] if newest else []
    living = [row["enrollment"] for row in rows if row["state"] != "CLOSED"]
    shown = await _shown(client, living) if client else {}
    return [_standing(row, shown) for row in rows]


async def living(tx: AsyncConnection, client: Client | None, automation: str) -> list[Standing]:
    """Every entry of an automation that has not closed; steps are empty without a client.

    Raises:
        TemporalUnreachable: Temporal stopped answering.
    """
    rows = await list_entries(tx, automation, state="LIVE", limit=MOST)
    query = f"DripAutomation = '{automation}'"
    shown = await _listed(client, query, MOST) if client and rows else {}
    return [_standing(row, shown) for row in rows]


async def _in_state(client: Client, wanted: Wanted) -> list[str]:
    """Enrollments that Temporal shows in that state."""
    parts = [f"{STATE.name} = '{wanted.state}'"]
    for name, value in (("DripAutomation", wanted.automation), ("DripLeadId", wanted.lead)):
        if value and not _ID.fullmatch(value):
            return []
        parts += [f"{name} = '{value}'"] if value else []
    found = await _listed(client, " AND ".join(parts), wanted.limit)
    return list(found)


async def _shown(client: Client, enrollments: Sequence[str]) -> dict[str, tuple[str, str]]:
    """State and step of living enrollments; of those that Temporal does not know, nothing."""
    found: dict[str, tuple[str, str]] = {}
    for start in range(0, len(enrollments), AT_ONCE):
        some = ", ".join(f"'{name}'" for name in enrollments[start : start + AT_ONCE])
        found |= await _listed(client, f"WorkflowId IN ({some})", AT_ONCE)
    return found


async def _listed(client: Client, query: str, limit: int) -> dict[str, tuple[str, str]]:
    living = f"WorkflowType = 'Enrollment' AND ExecutionStatus = 'Running' AND {query}"
    found: dict[str, tuple[str, str]] = {}
    try:
        async for one in client.list_workflows(living, limit=limit, rpc_timeout=LISTING_PATIENCE):
            shown = one.typed_search_attributes
            found[one.id] = (shown.get(STATE) or "running", shown.get(STEP) or "")
    except RPCError as error:
        raise TemporalUnreachable(f"Temporal cannot list enrollments: {error.message}") from error
    return found


async def counts(client: Client, automation: str) -> dict[str, int]:
    """How many living enrollments of an automation Temporal shows in each state.

    Raises:
        TemporalUnreachable: Temporal stopped answering.
    """
    counted = {}
    for state in STATES[:-1]:
        query = (
            f"WorkflowType = 'Enrollment' AND ExecutionStatus = 'Running' "
            f"AND DripAutomation = '{automation}' AND {STATE.name} = '{state}' "
            f"AND {LEAD_ID.name} NOT STARTS_WITH '{SAMPLE}'"
        )
        try:
            counted[state] = (
                await client.count_workflows(query, rpc_timeout=LISTING_PATIENCE)
            ).count
        except RPCError as error:
            raise TemporalUnreachable(f"Temporal cannot count: {error.message}") from error
    return counted


def _standing(row: Mapping[str, Any], shown: Mapping[str, tuple[str, str]]) -> Standing:
    state, step = shown.get(row["enrollment"], ("", ""))
    if row["state"] == "CLOSED":
        state, step = "closed", ""
    elif row["stop_reason"] or row["state"] == "SUPERSEDED":
        state = "closing"
    names = ("enrollment", "entry", "automation", "version", "lead")
    return Standing(
        **{name: row[name] for name in names},
        state=state or row["state"].lower(),
        step=step,
        exit=row["exit"] or row["stop_reason"],
        admitted_at=row["admitted_at"],
        closed_at=row["closed_at"],
    )
