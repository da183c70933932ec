"""The codec keys that the ledger knows of: the first value under an id stays."""

from __future__ import annotations

from activities.ledger import Ledger
from activities.ledger.codec_keys import (
    forget_key,
    is_registered,
    oldest_live,
    register_key,
    registered_keys,
)


async def test_a_noted_key_stays_as_it_is_until_it_is_forgotten(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        for key_id, value in (("b", "one"), ("a", "two"), ("b", "three")):
            await register_key(tx, key_id, value)
        assert list((await registered_keys(tx)).items()) == [("a", "two"), ("b", "one")]
    assert await is_registered(ledger, "b")
    async with ledger.transaction() as tx:
        assert [await forget_key(tx, key_id) for key_id in ("b", "b", "a")] == [True, False, True]
        assert await registered_keys(tx) == {}
        assert await oldest_live(tx) is None
    assert not await is_registered(ledger, "b")
