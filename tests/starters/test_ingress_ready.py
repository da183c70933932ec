"""/readyz says whether what comes in could be kept, and /healthz that the process is up."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from starters.ingress import readiness
from starters.processes.devserver import dev_server
from tests.patience import until
from tests.starters.arrivals import TOKEN, open_ingress
from tests.starters.test_ingress_process import ATTRIBUTES, becomes


async def test_with_temporal_down_it_is_ready_because_opt_outs_work(tmp_path: Path) -> None:
    async with open_ingress(tmp_path) as arrivals:
        ready = await arrivals.http.get("/readyz")
        assert (ready.status_code, ready.json()["temporal"]) == (200, "does not answer")
        assert (await arrivals.http.post(f"/u/{TOKEN}")).status_code == 200


async def test_a_ledger_that_can_only_be_read_is_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "PATIENCE", timedelta(seconds=0.2))
    async with open_ingress(tmp_path) as arrivals:
        with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for _ in range(3):  # each is answered, though the first look has not ended yet
                assert (await arrivals.http.get("/readyz")).status_code == 503
                assert (await arrivals.http.get("/healthz")).json() == {"status": "up"}
            other.execute("ROLLBACK")

        async def status() -> int:
            return (await arrivals.http.get("/readyz")).status_code

        await becomes(status, 200)


async def test_a_ledger_that_has_lost_its_tables_is_not_ready(tmp_path: Path) -> None:
    async with open_ingress(tmp_path) as arrivals:
        await arrivals.run_sql("ALTER TABLE inbox RENAME TO elsewhere")
        refused = await arrivals.http.get("/readyz")
        assert refused.status_code == 503
        assert refused.headers["retry-after"]
        assert (await arrivals.http.get("/healthz")).status_code == 200


async def test_temporal_that_answers_is_said_to(tmp_path: Path) -> None:
    async with (
        dev_server(
            tmp_path / "temporal", search_attributes=ATTRIBUTES, port=0, ui_port=0
        ) as server,
        open_ingress(tmp_path, server.address) as arrivals,
    ):

        async def temporal() -> str:
            return str((await arrivals.http.get("/readyz")).json()["temporal"])

        await becomes(temporal, "answers")

        async def metrics() -> str:
            return (await arrivals.http.get("/metrics")).text

        # Temporal may be too slow for one look; the next one comes.
        shown = await until(metrics, lambda text: "dripstone_attention 0.0" in text)
        assert "dripstone_temporal_up 1.0" in shown
