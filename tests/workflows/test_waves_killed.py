"""A worker is killed in the middle of a launch: the next one goes on, and nothing comes twice."""

from __future__ import annotations

from pathlib import Path

from pydantic import JsonValue

from activities.ledger.leads import Lead, new_lead
from starters.demo.stage import CONFIG, WORKER
from tests.faults.processes import Process
from tests.workflows.launches import OPEN, launched_with
from tests.workflows.world import PATIENCE, World, open_world

MAIL = "[{id: a, kind: send_email, template: intro}]"
COUNT, SENT, STORED = 40, 3, 2


def worker(world: World, directory: Path) -> Process:
    """A worker process in this world."""
    smtp = world.settings.smtp
    assert smtp
    environment = {
        "DRIPSTONE_LEDGER_URL": world.settings.ledger_url,
        "DRIPSTONE_CONNECTIONS": str(CONFIG / "connections.yaml"),
        "DRIPSTONE_TEMPLATES": str(CONFIG / "templates"),
        "TEMPORAL_CONFIG_FILE": str(directory / "temporal.toml"),
        "TEMPORAL_ADDRESS": world.client.service_client.config.target_host,
        "TEMPORAL_NAMESPACE": world.client.namespace,
        "DRIPSTONE_SMTP__HOST": str(smtp.host),
        "DRIPSTONE_SMTP__PORT": str(smtp.port),
        "DRIPSTONE_SMTP__TLS": "none",
    }
    (directory / "temporal.toml").write_text("[profile.default]\n")
    return Process("worker", WORKER, environment, directory)


def lead_without_crm(world: World, number: int) -> Lead:
    """A lead that no record is written about."""
    fields: dict[str, JsonValue] = {"email": f"crm{number}@example.com", "first_name": "L"}
    return new_lead(world.ledger, "default", fields, f"crm-{number}")


async def test_a_worker_killed_in_mid_launch_loses_nobody_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    async with open_world(tmp_path, works=False) as world:
        process = worker(world, tmp_path)
        await process.start()
        try:
            automation = await world.publish(MAIL, waves=OPEN | {"sizes": [COUNT]})
            fields = [{"email": f"crm{n}@example.com", "first_name": "L"} for n in range(COUNT)]
            leads = [
                new_lead(world.ledger, "default", one, f"crm-{n}") for n, one in enumerate(fields)
            ]
            # A few mails are sent, a few are stored and not answered for, the others are begun.
            world.fault("smtp", "mail", "slow", times=SENT + STORED)
            world.fault("smtp", "mail", "slow", times=9 * COUNT, value=600)
            world.fault("smtp", "after_dot", "slow", times=SENT)
            world.fault("smtp", "after_dot", "slow", times=STORED, value=600)
            launch = await launched_with(world, automation, leads)
            await launch.until(lambda waves: sum(launch.mails()) == SENT + STORED)
            await launch.until(lambda waves: waves[0].sent >= SENT)
            await process.kill()
            world.sandbox.sandbox.faults.clear()
            (wave,) = await launch.figures()
            assert wave.sent < COUNT  # it was in the middle
            await process.start()
            (wave,) = await launch.until(lambda waves: waves[0].mailed == COUNT, 2 * PATIENCE)
            assert (wave.entered, wave.refused, wave.sent) == (COUNT, 0, COUNT)
            # What was on the wire as it died is unknown, and not sent again.
            assert max(launch.mails()) == 1
        finally:
            await process.kill()
