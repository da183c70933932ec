"""The payload codec by itself: what it encrypts, what it reads, and what it refuses to read."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.converter import ActivitySerializationContext, WorkflowSerializationContext

from workers.codec import BOUND_TO, ENCRYPTED, KEY_ID, Codec, CodecKeys, CodecOfAny, MissingCodecKey
from workers.plugin import CompactConverter, UnreadablePayload

OLD, NEW = os.urandom(32), os.urandom(32)
BEFORE = Codec(CodecKeys({"old": OLD}, "old"))
DURING = Codec(CodecKeys({"old": OLD, "new": NEW}, "new"))
READS = Codec(CodecKeys({"old": OLD, "new": NEW}, None))
PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=b'"Ada Fox"')
HERE = WorkflowSerializationContext("default", "enrollment:a:sf-1")
THERE = WorkflowSerializationContext("default", "enrollment:a:sf-2")
ACTIVITY_HERE = ActivitySerializationContext(
    namespace="default",
    activity_id="1",
    activity_type="send_email",
    activity_task_queue="messaging",
    workflow_id="enrollment:a:sf-1",
    workflow_type="Enrollment",
    is_local=False,
)


async def test_nothing_of_a_payload_is_readable_and_it_comes_back_whole() -> None:
    (sealed,) = await BEFORE.encode([PLAIN])
    assert sealed.metadata["encoding"] == ENCRYPTED
    assert sealed.metadata[KEY_ID] == b"old"
    whole = sealed.SerializeToString()
    assert not any(part in whole for part in (b"Ada", b"Fox", b"json/plain", OLD))
    assert await BEFORE.decode([sealed]) == [PLAIN]


async def test_the_same_payload_is_never_encrypted_the_same_way_twice() -> None:
    first, second = await BEFORE.encode([PLAIN, PLAIN])
    assert first.data != second.data


async def test_after_a_rotation_old_payloads_are_read_and_new_ones_take_the_new_key() -> None:
    (sealed,) = await BEFORE.encode([PLAIN])
    (newer,) = await DURING.encode([PLAIN])
    assert await DURING.decode([sealed, newer, PLAIN]) == [PLAIN, PLAIN, PLAIN]
    assert newer.metadata[KEY_ID] == b"new"


async def test_without_an_active_key_nothing_is_encrypted_and_everything_read() -> None:
    assert await READS.encode([PLAIN]) == [PLAIN]
    assert await READS.decode(await BEFORE.encode([PLAIN])) == [PLAIN]


async def test_a_payload_of_one_workflow_is_not_taken_for_anothers() -> None:
    (sealed,) = await BEFORE.with_context(HERE).encode([PLAIN])
    assert await BEFORE.with_context(THERE).decode([sealed]) == [sealed]
    for place in (HERE, ACTIVITY_HERE):
        assert await BEFORE.with_context(place).decode([sealed]) == [PLAIN]
    assert await CodecOfAny(BEFORE.keys).with_context(THERE).decode([sealed]) == [PLAIN]


ALTERATIONS: list[tuple[str, Callable[[bytes], bytes], dict[str, bytes]]] = [
    ("a bit of the text", lambda data: data[:-1] + bytes([data[-1] ^ 1]), {}),
    ("the nonce", lambda data: bytes([data[0] ^ 1]) + data[1:], {}),
    ("cut short", lambda data: data[:10], {}),
    ("emptied", lambda data: b"", {}),
    ("another key of ours", lambda data: data, {KEY_ID: b"new"}),
    ("a key that nobody has", lambda data: data, {KEY_ID: b"\xff\xfe"}),
    ("another workflow", lambda data: data, {BOUND_TO: bytes(16)}),
    ("no workflow", lambda data: data, {BOUND_TO: b""}),
]


@pytest.mark.parametrize(
    ("data", "metadata"), [one[1:] for one in ALTERATIONS], ids=[one[0] for one in ALTERATIONS]
)
async def test_what_was_altered_is_not_read_and_the_converter_says_so(
    data: Callable[[bytes], bytes], metadata: dict[str, bytes]
) -> None:
    (sealed,) = await BEFORE.with_context(HERE).encode([PLAIN])
    altered = Payload(metadata={**sealed.metadata, **metadata}, data=data(sealed.data))
    assert altered != sealed
    assert await DURING.with_context(HERE).decode([altered]) == [altered]
    with pytest.raises(UnreadablePayload, match="DRIPSTONE_CODEC__KEYS"):
        CompactConverter().from_payload(altered)


async def test_a_payload_under_a_key_that_the_ledger_knows_is_never_taken_for_rubbish() -> None:
    async def known(key_id: str) -> bool:
        return key_id == "new"

    behind = Codec(CodecKeys({"old": OLD}, "old"), known).with_context(HERE)
    (sealed,) = await DURING.with_context(HERE).encode([PLAIN])
    with pytest.raises(MissingCodecKey, match="'new'"):
        await behind.decode([sealed])
    rubbish = Payload(metadata={**sealed.metadata, KEY_ID: b"\xff\xfe"}, data=sealed.data)
    assert await behind.decode([rubbish]) == [rubbish]


def test_keys_are_recognised_by_a_value_that_depends_on_the_key_and_its_id() -> None:
    keys = CodecKeys({"old": OLD, "same": OLD, "new": NEW}, "old")
    values = {keys.check_value(key_id) for key_id in keys.by_id}
    assert len(values) == 3
    assert CodecKeys({"old": OLD}, None).check_value("old") == keys.check_value("old")


def test_keys_do_not_show_when_an_object_is_printed() -> None:
    assert OLD.hex() not in repr(BEFORE.keys)
    assert repr(OLD) not in repr(BEFORE.keys)
