"""The command line where payloads are encrypted, and the keys that commands and workers need."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Iterator
from pathlib import Path
from shutil import copy

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from activities.ledger import Ledger
from activities.ledger.codec_keys import register_key
from config.settings import CodecSettings
from starters.ingress.temporal_link import Keeper, temporal_link
from tests.patience import until
from tests.starters.commands import Commands, Result
from tests.starters.test_cli_operate import comes_to, entered
from workers.key_check import codec_of, keep_to_the_keys

OURS, WRONG = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
KEYS = "DRIPSTONE_CODEC__KEYS"
ACTIVE = "DRIPSTONE_CODEC__ACTIVE"


@pytest.fixture(scope="module")
def encrypted(
    tmp_path_factory: pytest.TempPathFactory, temporal: str, empty_ledger: Path
) -> Iterator[Commands]:
    """A ledger and a worker with a key."""
    directory = tmp_path_factory.mktemp("encrypted")
    copy(empty_ledger, directory)
    commands = Commands(directory, temporal)
    commands.environment |= {f"{KEYS}__A": OURS, ACTIVE: "a"}
    commands.enabled("calm")
    with commands.worker():
        yield commands


def keys_of(result: Result) -> list[tuple[str, bool, bool, bool]]:
    keys = result.document["keys"]
    return [(k["id"], k["workers_have_it"], k["here"], k["active_here"]) for k in keys]


def why_stopped(commands: Commands, enrollment: str) -> object:
    entry = commands("status", enrollment, "--json").document["entry"]
    return entry["exit"] or entry["stop_reason"]


def test_a_lead_is_enrolled_looked_at_removed_and_replayed(encrypted: Commands) -> None:
    enrollment = entered(encrypted, "c-1")
    assert comes_to(encrypted, enrollment, "waiting").document["timeline"][-1]["step"] == "rest"
    assert encrypted("replay", enrollment).status == 0
    assert encrypted("pause", enrollment).status == 0
    assert encrypted("remove", enrollment).status == 0
    assert why_stopped(encrypted, enrollment) == "manually_removed"


def test_with_another_key_orders_are_refused_and_stops_are_not(encrypted: Commands) -> None:
    enrollment = entered(encrypted, "c-2")
    comes_to(encrypted, enrollment, "waiting")
    wrong = {f"{KEYS}__A": WRONG}
    refused = encrypted("pause", enrollment, **wrong)
    assert (refused.status, KEYS in refused.err, WRONG in refused.err) == (1, True, False)
    told = encrypted("status", enrollment, "--json", **wrong)
    assert (told.status, told.document["status"]) == (0, None)
    assert encrypted("remove", enrollment, **wrong).status == 0
    assert why_stopped(encrypted, enrollment) == "manually_removed"
    assert encrypted("suppress", "--lead", "c-2", **wrong).status == 0


def test_a_worker_with_another_key_does_not_start(encrypted: Commands) -> None:
    refused = encrypted.process("worker", **{f"{KEYS}__A": WRONG})
    assert (refused.status, "is not the one" in refused.err) == (1, True)


async def test_a_key_is_listed_and_forgotten_once_it_is_no_longer_here(cut_off: Commands) -> None:
    ledger = await Ledger.open(cut_off.environment["DRIPSTONE_LEDGER_URL"])
    async with ledger.transaction() as tx:
        await register_key(tx, "a", "its check value")
    await ledger.close()

    def give(*arguments: str, **keys: str) -> Result:
        set_here = {f"{KEYS}__{name}": key for name, key in keys.items()}
        return cut_off("codec-keys", *arguments, **set_here, **{ACTIVE: "none"})

    listed = await asyncio.to_thread(give, "--json", A=OURS, B=WRONG)
    assert keys_of(listed) == [("a", True, True, False), ("b", False, True, False)]
    assert not any(key in listed.out for key in (OURS, WRONG, "check value"))
    for forget, here, status, says in (
        ("a", {"A": OURS}, 1, "take it out first"),
        ("b", {"A": OURS}, 1, "lists them"),
        ("a", {"B": WRONG}, 0, "may start without it"),
        ("a", {"B": WRONG}, 1, "lists them"),
    ):
        done = await asyncio.to_thread(give, "--forget", forget, **here)
        assert (done.status, says in done.out + done.err) == (status, True)


async def test_the_ingress_tells_enrollments_nothing_that_no_worker_could_read(
    temporal: str, cut_off: Commands
) -> None:
    settings = CodecSettings(keys={"a": SecretStr(OURS)}, active="a")
    ledger = await Ledger.open(cut_off.environment["DRIPSTONE_LEDGER_URL"])
    try:
        with capture_logs() as said:
            async with temporal_link(temporal, Keeper(ledger, settings)) as link:

                async def heard() -> object:
                    return said

                await until(heard)
                assert said[0]["event"] == "ingress.wrong_codec_keys"
                assert await link.state() == "does not answer"
                await keep_to_the_keys(ledger, codec_of(settings, ledger))  # as a worker does
                await until(link.state, lambda state: state == "answers")
    finally:
        await ledger.close()
