"""``dripstone codec-server`` and ``codec-keys``: reading encrypted payloads, and changing keys."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import typer

from activities.ledger.codec_keys import forget_key, oldest_live, registered_keys
from config.settings import CodecSettings
from starters.commands.logs import log_to_standard_error
from starters.commands.opened import Opened, opened, settings_of_environment
from starters.commands.output import AsJson, Refused, WrongUse, answer, table, tell
from workers.key_check import keys_of

verbs = typer.Typer()

COLUMNS = ("key", "workers have it", "here", "active here")
UIS = ("http://127.0.0.1:8233", "http://localhost:8233")


@verbs.command("codec-server")
def codec_server(
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")] = 8481,
    ui_origin: Annotated[
        list[str] | None,
        typer.Option(help="The address of a Temporal web UI that may ask. Repeatable."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", "--ready-line", help="Print a line of JSON once it answers.")
    ] = False,
) -> None:
    """Decrypt payloads for Temporal's web UI and command line, on this machine or with a token."""
    # Imported here: no other command needs a web server.
    from starters.codec_server.serve import CannotServe, Place, serve_codec_server

    settings = _codec_settings()
    place = Place(host, port, tuple(ui_origin or UIS))
    log_to_standard_error()
    if not as_json:
        tell(f"decrypting for {', '.join(place.origins)} on {host} port {port}; Ctrl-C stops")
    try:
        asyncio.run(serve_codec_server(settings, place, announce=as_json))
    except CannotServe as error:
        raise Refused(str(error)) from error


@dataclass(frozen=True, slots=True)
class Key:
    """A codec key: who has it."""

    id: str
    workers_have_it: bool
    here: bool
    active_here: bool


@verbs.command("codec-keys")
def codec_keys(
    forget: Annotated[
        str | None, typer.Option(metavar="KEY", help="Let workers start without this one.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The ids of the keys that payloads may be encrypted under. Keys themselves are never shown."""
    asyncio.run(_forget(forget, as_json) if forget else _list(as_json))


async def _list(as_json: bool) -> None:
    async with opened() as here:
        async with here.ledger.reading() as tx:
            known = await registered_keys(tx)
            oldest = await oldest_live(tx)
        keys = _keys(here, set(known))
    rows = [(key.id, *map(_said, (key.workers_have_it, key.here, key.active_here))) for key in keys]
    since = _since(oldest)
    answer(as_json, {"keys": keys, "oldest_live": oldest}, [table("", COLUMNS, rows), since])


def _keys(here: Opened, known: set[str]) -> list[Key]:
    ours = keys_of(here.settings.codec) if here.settings.codec else None
    mine, active = (set(ours.by_id), ours.active) if ours else (set[str](), None)
    return [Key(one, one in known, one in mine, one == active) for one in sorted(known | mine)]


def _said(so: bool) -> str:
    return "yes" if so else "no"


def _since(oldest: datetime | None) -> str:
    if oldest is None:
        return "no enrollment is live"
    return f"the oldest live enrollment is of {oldest:%Y-%m-%d %H:%M} UTC"


async def _forget(key_id: str, as_json: bool) -> None:
    async with opened() as here:
        if here.settings.codec and key_id in here.settings.codec.keys:
            raise Refused(
                f"{key_id} is among DRIPSTONE_CODEC__KEYS, so the next worker would note it again: "
                "take it out first, here and for every worker"
            )
        async with here.ledger.transaction() as tx:
            known = await forget_key(tx, key_id)
    if not known:
        raise Refused(f"{key_id}: no worker has noted such a key: dripstone codec-keys lists them")
    answer(as_json, {"forgotten": key_id}, [f"{key_id}: workers may start without it"])


def _codec_settings() -> CodecSettings:
    codec = settings_of_environment().codec
    if codec is None:
        raise WrongUse(
            "there is nothing to decrypt with: set DRIPSTONE_CODEC__KEYS and "
            "DRIPSTONE_CODEC__ACTIVE as the workers have them"
        )
    return codec
