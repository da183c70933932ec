"""Temporal's payloads are encrypted on a real server: journeys, foreign clients, rotations."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from pydantic import SecretStr
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowHistory, WorkflowUpdateFailedError
from temporalio.common import RawValue

from activities.ledger import Ledger
from activities.ledger.codec_keys import forget_key
from config.settings import CodecSettings
from tests.workflows.world import PATIENCE, Journey, World, open_world, stop
from workers.codec import ENCRYPTED, KEY_ID, MissingCodecKey
from workers.key_check import WrongCodecKeys, codec_of, ensure_keys_fit, keep_to_the_keys
from workers.plugin import UnreadablePayload, connect
from workers.replaying import replay
from workflows.contracts import Ending

pytestmark = pytest.mark.asyncio(loop_scope="session")

OLD, NEW, WRONG = (base64.b64encode(os.urandom(32)).decode() for _ in range(3))
REST = "[{id: rest, kind: wait, for: 20 days}]"


def codec(active: str, **keys: str) -> CodecSettings:
    return CodecSettings(keys={name: SecretStr(key) for name, key in keys.items()}, active=active)


BEFORE = codec("old", old=OLD)
DURING = codec("new", old=OLD, new=NEW)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def secret_world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with open_world(tmp_path_factory.mktemp("secret"), codec=BEFORE) as world:
        yield world


async def resting(world: World) -> Journey:
    journey = await world.enroll(await world.publish(REST))
    await journey.until_at("rest")
    return journey


def payloads_of(history: WorkflowHistory) -> list[str]:
    """Each payload of a history as the id of its key, or its encoding if it is not encrypted."""
    found: list[str] = []

    def look(value: object) -> None:
        if isinstance(value, dict):
            metadata = value.get("metadata")
            if isinstance(metadata, dict) and "encoding" in metadata:
                name = KEY_ID if KEY_ID in metadata else "encoding"
                found.append(base64.b64decode(metadata[name]).decode())
                return
            for key, inner in value.items():
                if key != "searchAttributes":  # never encrypted: the server searches them
                    look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    look(history.to_json_dict())
    return found


async def stranger(world: World) -> Client:
    """A client of another program: Temporal's own converter, and no key."""
    return await Client.connect(world.client.service_client.config.target_host)


async def test_a_whole_journey_is_encrypted_ends_well_and_replays(secret_world: World) -> None:
    steps = "[{id: a, kind: send_email, template: intro}, {id: rest, kind: wait, for: 20 days}]"
    journey = await secret_world.enroll(await secret_world.publish(steps))
    await journey.until_at("rest")
    await journey.order("pause")
    await secret_world.happens(journey.lead, "reply")
    assert (await journey.ends()).exit == "reply_received"
    history = await journey.handle.fetch_history()
    assert set(payloads_of(history)) == {"old"}
    (replayed,) = await replay([history], codec_of(BEFORE, secret_world.ledger))
    assert replayed.problem == ""
    (unread,) = await replay([history])
    assert "'old'" in unread.problem


async def test_the_messages_of_failures_are_encrypted_too(secret_world: World) -> None:
    secret_world.fault("smtp", "connect", "drop", times=1)
    steps = "[{id: a, kind: send_email, template: intro}, {id: rest, kind: wait, for: 20 days}]"
    journey = await secret_world.enroll(await secret_world.publish(steps))
    await journey.until_at("rest")
    told = (await journey.handle.fetch_history()).to_json()
    assert '"Encoded failure"' in told
    assert "lost at connect" not in told
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await journey.order("resume")
    assert "resume: " in str(refused.value.cause)
    theirs = (await stranger(secret_world)).get_workflow_handle(journey.handle.id)
    with pytest.raises(WorkflowUpdateFailedError) as unreadable:
        await theirs.execute_update("resume", {})
    assert str(unreadable.value.cause) == "ValueError: Encoded failure"


@pytest.mark.parametrize("body", [[], [None], [{"id": "r-1", "at": "2026-11-02T10:00:00Z"}]])
async def test_a_client_without_a_key_stops_a_lead_with_a_plain_signal(
    secret_world: World, body: list[object]
) -> None:
    journey = await resting(secret_world)
    theirs = (await stranger(secret_world)).get_workflow_handle(journey.handle.id)
    await theirs.signal("unsubscribe", args=body)
    assert (await journey.ends()).exit == "unsubscribed"


async def test_a_client_without_a_key_may_order_and_ask_but_cannot_read_the_answer(
    secret_world: World,
) -> None:
    journey = await resting(secret_world)
    theirs = (await stranger(secret_world)).get_workflow_handle(journey.handle.id)
    with pytest.raises(KeyError, match="binary/encrypted"):
        await theirs.query("status")
    with pytest.raises(KeyError, match="binary/encrypted"):
        await theirs.execute_update("pause", {"by": "another program"})
    assert (await journey.status()).state == "held"
    ours = await connect(secret_world.client.service_client.config.target_host)
    with pytest.raises(UnreadablePayload, match=r"'old'.*DRIPSTONE_CODEC__KEYS"):
        await ours.get_workflow_handle(journey.handle.id).query("status")


async def test_rubbish_that_looks_encrypted_stalls_nothing_and_opts_out(
    secret_world: World,
) -> None:
    journey = await resting(secret_world)
    theirs = (await stranger(secret_world)).get_workflow_handle(journey.handle.id)
    for rubbish in map(_rubbish, (b"old", b"nobody's", b"\xff")):
        await theirs.signal("event", rubbish)
        with pytest.raises(WorkflowUpdateFailedError):
            await theirs.execute_update("pause", rubbish)
    assert (await journey.status()).state == "waiting"
    await theirs.signal("unsubscribe", _rubbish(b"old"))
    assert (await journey.ends()).exit == "unsubscribed"


def _rubbish(key_id: bytes) -> RawValue:
    metadata = {"encoding": ENCRYPTED, KEY_ID: key_id}
    return RawValue(Payload(metadata=metadata, data=os.urandom(60)))


async def test_keys_are_rotated_while_leads_are_inside(secret_world: World) -> None:
    world = secret_world
    journey = await resting(world)
    await stop(world.workers.pop())
    address = world.client.service_client.config.target_host
    after = replace(
        world, client=await connect(address, codec_of(DURING, world.ledger)), workers=[]
    )
    try:
        after.work()
        handle = after.client.get_workflow_handle(journey.handle.id, result_type=Ending)
        moved = replace(journey, world=after, handle=handle)
        await moved.order("pause")
        with pytest.raises(WrongCodecKeys, match=r"not here \(new\)"):
            await keep_to_the_keys(world.ledger, codec_of(BEFORE, world.ledger))
        with pytest.raises(MissingCodecKey, match="'new'"):  # a process that was not started anew
            await journey.status()
        await moved.handle.signal("reply", {"id": "r-2"})
        assert (await moved.ends()).exit == "reply_received"
        history = await moved.handle.fetch_history()
        assert set(payloads_of(history)) == {"old", "new"}
        (replayed,) = await replay([history], codec_of(DURING, world.ledger))
        assert replayed.problem == ""
    finally:
        for worker in after.workers:
            await stop(worker)
        async with world.ledger.transaction() as tx:
            assert await forget_key(tx, "new")
        world.work()


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (None, r"not here \(old\).*DRIPSTONE_CODEC__KEYS.*codec-keys --forget old"),
        (codec("new", new=NEW), r"not here \(old\)"),
        (codec("old", old=WRONG), "'old' is not the one"),
        (codec("none", old=WRONG), "'old' is not the one"),
    ],
)
async def test_a_worker_that_could_not_read_the_histories_does_not_ask_for_work(
    secret_world: World, keys: CodecSettings | None, says: str
) -> None:
    await resting(secret_world)
    address = secret_world.client.service_client.config.target_host
    client = await connect(address, codec_of(keys, secret_world.ledger))
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(WrongCodecKeys, match=says):
            await replace(secret_world, client=client, workers=[]).work()
    with pytest.raises(WrongCodecKeys, match=says):
        await ensure_keys_fit(secret_world.ledger, codec_of(keys, secret_world.ledger))


async def test_nothing_is_encrypted_under_a_key_that_no_worker_has_had(tmp_path: object) -> None:
    ledger = await Ledger.open(f"sqlite:///{tmp_path}/ledger.db")
    with pytest.raises(WrongCodecKeys, match="first start the workers"):
        await ensure_keys_fit(ledger, codec_of(BEFORE, ledger))
    await ensure_keys_fit(ledger, codec_of(codec("none", old=OLD), ledger))
    await keep_to_the_keys(ledger, codec_of(BEFORE, ledger))
    await ensure_keys_fit(ledger, codec_of(BEFORE, ledger))
    await ledger.close()
