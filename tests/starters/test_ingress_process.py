"""The ingress as a process of its own, and with a real Temporal server that comes and goes."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from temporalio.client import Client

from activities.ledger.tables import admissions, deliveries
from starters.ingress.app import CannotListen, running_ingress
from starters.processes.devserver import dev_server
from tests.patience import PATIENCE, until
from tests.ports import port_for_later
from tests.starters.arrivals import (
    ADDRESSES,
    BOB,
    ENROLLMENT,
    Arrivals,
    event,
    open_ingress,
    settings_in,
)
from workers.plugin import connect
from workers.repair import Repair
from workflows.presentation import SEARCH_ATTRIBUTES

ATTRIBUTES = {attribute.name: "Keyword" for attribute in SEARCH_ATTRIBUTES}
PROGRAM = """
import asyncio, pathlib, sys
from starters.ingress.app import serve_ingress
from tests.starters.arrivals import NOWHERE, settings_in

asyncio.run(serve_ingress(settings_in(pathlib.Path(sys.argv[1])), announce=True, temporal=NOWHERE))
print("ended", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_says_its_port_and_ends_cleanly_when_asked(
    tmp_path: Path, number: signal.Signals
) -> None:
    command = (sys.executable, "-c", PROGRAM, str(tmp_path))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    line = b""
    while not line.startswith(b"{"):
        line = await process.stdout.readline()
    ready = json.loads(line)
    address = f"http://127.0.0.1:{ready['port']}"
    async with httpx.AsyncClient(base_url=address, timeout=PATIENCE) as http:
        assert (await http.get("/healthz")).status_code == 200
    process.send_signal(number)
    rest = await process.stdout.read()
    assert (ready["ready"], await process.wait(), rest[-6:]) == ("ingress", 0, b"ended\n")


async def test_a_port_that_is_taken_is_named_with_the_variable_to_set(tmp_path: Path) -> None:
    async with open_ingress(tmp_path) as arrivals:
        taken = arrivals.http.base_url.port
        settings = settings_in(tmp_path)
        ingress = settings.ingress.model_copy(update={"port": taken})
        with pytest.raises(CannotListen, match=f"port {taken}.*DRIPSTONE_INGRESS__PORT"):
            async with running_ingress(settings.model_copy(update={"ingress": ingress})):
                pass


async def test_a_secret_that_is_none_is_named_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="DRIPSTONE_INGRESS__EVENTS_SECRET"):
        async with running_ingress(settings_in(tmp_path, events_secret="whsec_short")):
            pass


async def test_what_came_before_temporal_is_told_once_it_is_there_and_the_rest_at_once(
    tmp_path: Path,
) -> None:
    port = port_for_later()
    async with open_ingress(tmp_path, f"127.0.0.1:{port}") as arrivals:
        assert (await arrivals.post_events(event(kind="pause"))).status_code == 200
        async with dev_server(
            tmp_path / "temporal", search_attributes=ATTRIBUTES, port=port, ui_port=0
        ) as server:
            client = await connect(server.address)
            await start_as_a_worker_would(arrivals, client)
            asked = event(id="in", kind="enroll", automation="spring", lead=BOB)
            asked |= {"email": ADDRESSES[BOB]}
            assert (await arrivals.post_events(asked)).json()["entry"] == 1
            await becomes(lambda: arrivals.rows(admissions, "state"), [("RUNNING",)] * 2)

            async def told_by_now() -> list[tuple[object, ...]]:
                await start_as_a_worker_would(arrivals, client)
                return await arrivals.rows(deliveries, "event", "state")

            await becomes(told_by_now, [("e-1", "DELIVERED")])
            await arrivals.post_events(event(id="e-2", kind="reply"))
            await becomes(told_by_now, [("e-1", "DELIVERED"), ("e-2", "DELIVERED")])
            # Told at least once: two errands may overlap, and the workflow knows ids it has seen.
            assert list(dict.fromkeys(await signals_of(client))) == ["pause", "reply"]
            assert (await arrivals.http.get("/readyz")).json()["temporal"] == "answers"
        answer = await arrivals.post_events(event(id="e-3", kind="unsubscribe"))
        assert (answer.status_code, answer.json()["enrollments"]) == (200, 1)
        # It is kept for when Temporal is back: nobody waits for it.
        assert ("e-3", "PENDING") in await arrivals.rows(deliveries, "event", "state")


async def test_a_fact_of_a_lead_in_no_enrollment_starts_the_write_backs_of_its_connection(
    tmp_path: Path,
) -> None:
    async with (
        dev_server(
            tmp_path / "temporal", search_attributes=ATTRIBUTES, port=0, ui_port=0
        ) as server,
        open_ingress(tmp_path, server.address) as arrivals,
    ):
        await arrivals.run_sql("UPDATE admissions SET state = 'CLOSED'")
        answer = await arrivals.post_events(event(kind="meeting_booked"))
        assert answer.json()["enrollments"] == 0
        client = await connect(server.address)

        async def started() -> list[str]:
            return [found.id async for found in client.list_workflows()]

        await becomes(started, ["writeback:salesforce"])


async def start_as_a_worker_would(arrivals: Arrivals, client: Client) -> None:
    """One pass of the repair loop, over admissions and deliveries that are due at once."""
    await arrivals.run_sql(
        "UPDATE admissions SET admitted_at = 0", "UPDATE deliveries SET next_at = 0"
    )
    repair = Repair(arrivals.ledger, client, arrivals.connections)
    await repair.start_admitted()
    await repair.tell_due()


async def signals_of(client: Client) -> list[str]:
    """The signals in the history of Ada's enrollment."""
    history = await client.get_workflow_handle(ENROLLMENT).fetch_history()
    heard = [found.workflow_execution_signaled_event_attributes for found in history.events]
    return [signal.signal_name for signal in heard if signal.signal_name]


async def becomes(look: Callable[[], Awaitable[object]], wanted: object) -> None:
    """Wait until ``look`` sees what is wanted."""
    await until(look, lambda seen: seen == wanted)
