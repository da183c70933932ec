"""Whether this process can read what the workers of its ledger write, and they what it writes.

Workers note their codec keys in the ledger: the id of each, and a value by which it is recognised.
A worker with another key under the same id, or without one that is in use, could not read the
histories it is given: it must not even ask for work.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from functools import partial

from temporalio.client import Client

from activities.ledger import Ledger
from activities.ledger.codec_keys import is_registered, register_key, registered_keys
from config.settings import CodecSettings
from workers.codec import Codec, CodecKeys


class WrongCodecKeys(RuntimeError):
    """The codec keys of this process do not fit the ledger's; the message says what to do."""


def codec_of(settings: CodecSettings | None, ledger: Ledger) -> Codec | None:
    """The codec of the settings, if they have keys."""
    return Codec(keys_of(settings), partial(is_registered, ledger)) if settings else None


def keys_of(settings: CodecSettings) -> CodecKeys:
    """The keys of the settings."""
    keys = {key_id: b64decode(key.get_secret_value()) for key_id, key in settings.keys.items()}
    return CodecKeys(keys, None if settings.active == "none" else settings.active)


def codec_in(client: Client) -> Codec | None:
    """The codec that a client and its workers use."""
    codec = client.data_converter.payload_codec
    return codec if isinstance(codec, Codec) else None


async def keep_to_the_keys(ledger: Ledger, codec: Codec | None) -> None:
    """Before a worker asks for work: note its keys, unless they contradict the noted ones.

    Raises:
        WrongCodecKeys: a key in use is missing here, or another one has its id.
    """
    keys = codec.keys if codec else CodecKeys({}, None)
    async with ledger.transaction() as tx:
        _compare(keys, await registered_keys(tx))
        for key_id in keys.by_id:
            await register_key(tx, key_id, keys.check_value(key_id))
        # Another worker may have noted another key under one of these ids meanwhile.
        _compare(keys, await registered_keys(tx))


async def ensure_keys_fit(ledger: Ledger, codec: Codec | None) -> None:
    """Before anything is sent to workflows: the workers that are there can read it.

    Raises:
        WrongCodecKeys: a key in use is missing here, another one has its id, or no worker has had
            the active one.
    """
    keys = codec.keys if codec else CodecKeys({}, None)
    async with ledger.reading() as tx:
        known = await registered_keys(tx)
    _compare(keys, known)
    if keys.active and keys.active not in known:
        raise WrongCodecKeys(
            f"no worker has had the codec key {keys.active!r} yet, so none could read what is "
            "encrypted under it: first start the workers with it in DRIPSTONE_CODEC__KEYS"
        )


def _compare(keys: CodecKeys, known: Mapping[str, str]) -> None:
    missing = sorted(set(known) - set(keys.by_id))
    if missing:
        raise WrongCodecKeys(
            f"Temporal's payloads may be encrypted under codec keys that are not here "
            f"({', '.join(missing)}): add them to DRIPSTONE_CODEC__KEYS, or, once nothing is under "
            f"such a key any more, run 'dripstone codec-keys --forget {missing[0]}' with the others"
        )
    for key_id, check_value in known.items():
        if keys.check_value(key_id) != check_value:
            raise WrongCodecKeys(
                f"the codec key {key_id!r} is not the one that this ledger's workers have: put "
                f"theirs into DRIPSTONE_CODEC__KEYS, and give a new key an id of its own"
            )
