"""The commands ``demo`` and ``dev``."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic_core import to_jsonable_python
from rich.console import Console

from starters.demo.directory import DirectoryTaken
from starters.demo.outcome import as_document, print_outcome
from starters.demo.play import (
    Wishes,
    keep_environment,
    linger,
    perform,
    publish_sample,
    set_stage,
)
from starters.demo.prospects import Ignored
from starters.demo.stage import Ports, Stage
from starters.processes.devserver import DevServerError
from starters.processes.supervisor import ChildFailed, until_stopped

NO, WRONG_USE, INTERRUPTED = 1, 2, 130
ON_A_TERMINAL = 120.0
ROOT = Path(".dripstone")

INTRODUCTION = (
    "The whole product on this machine: a real Temporal server, ledger, ingress, worker;",
    "stand-ins for Salesforce, Slack and mail. Nothing leaves the machine. A campaign of three",
    "mails then goes to 42 sample leads, who reply, bounce, unsubscribe, book, or stay silent.",
)
WIDE = 110
"""Columns where the output is no terminal."""

Port = Annotated[
    list[str] | None,
    typer.Option(
        "--port",
        metavar="NAME=NUMBER",
        help="A wish: temporal, ui, sandbox, smtp, ingress or codec. Taken ports are replaced.",
    ),
]
Encrypted = Annotated[
    bool, typer.Option("--encrypted", help="Encrypt what Temporal stores; its web UI decrypts it.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON document at the end.")]


def demo(
    directory: Annotated[
        Path, typer.Option(help="Made at the start, removed at the end.", show_default=True)
    ] = ROOT / "demo",
    keep: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", help="Keep all open after the report; 120 on a terminal, else 0."
        ),
    ] = None,
    port: Port = None,
    encrypted: Encrypted = False,
    as_json: AsJson = False,
) -> None:
    """Show the whole product on this machine, in about a minute. Ctrl-C stops and cleans up."""
    console = _console(as_json)
    terminal = console.is_terminal and sys.stdin.isatty() and not as_json
    seconds = keep if keep is not None else ON_A_TERMINAL if terminal else 0.0
    wishes = Wishes(directory, _ports(port), encrypted)
    raise typer.Exit(_carry_out(_demo(wishes, console, seconds, as_json)))


def dev(
    directory: Annotated[
        Path, typer.Option(help="Made at the start, removed at the end.", show_default=True)
    ] = ROOT / "dev",
    empty: Annotated[bool, typer.Option("--empty", help="Without the sample leads.")] = False,
    port: Port = None,
    encrypted: Encrypted = False,
    as_json: AsJson = False,
) -> None:
    """Show the same and leave it running until Ctrl-C, for a look around and work of your own.

    It begins afresh each time. With --empty the sample campaign is there and nobody is enrolled.
    """
    console = _console(as_json)
    wishes = Wishes(directory, _ports(port), encrypted)
    raise typer.Exit(_carry_out(_dev(wishes, console, empty, as_json)))


async def _demo(wishes: Wishes, console: Console, seconds: float, as_json: bool) -> int:
    for line in INTRODUCTION:
        console.print(line)
    async with set_stage(wishes, console) as running:
        _print_addresses(running, console)
        automation = await publish_sample(running)
        outcome = await perform(running, automation, console)
        if as_json:
            document = as_document(outcome, running.addresses)
            print(json.dumps(to_jsonable_python(document), ensure_ascii=False), flush=True)
        else:
            print_outcome(console, outcome)
            _print_addresses(running, console)
        if seconds > 0:
            console.print(f"\nEverything stays open for {seconds:.0f} s; Enter or Ctrl-C ends it.")
            await linger(running, seconds)
    return 0 if outcome.is_good else NO


async def _dev(wishes: Wishes, console: Console, empty: bool, as_json: bool) -> int:
    async with set_stage(wishes, console) as running:
        automation = await publish_sample(running)
        file = keep_environment(running, wishes.directory.resolve())
        if as_json:
            ready = {"ready": "dev", "environment": str(file), "addresses": running.addresses}
            print(json.dumps(ready), flush=True)
        if not empty:
            print_outcome(console, await perform(running, automation, console))
        _print_addresses(running, console)
        console.print(f"{automation.id} is published and enabled. In another terminal:")
        console.print(f"  . {file}", soft_wrap=True)
        console.print("  dripstone enroll --help")
        console.print("Ctrl-C stops everything and removes the data.")
        await linger(running, None)
    return 0


def _console(as_json: bool) -> Console:
    """Standard output; with --json that is for the document, and all else goes beside it."""
    stream = sys.stderr if as_json else sys.stdout
    wide = None if stream.isatty() else WIDE
    return Console(file=stream, width=wide, highlight=False, emoji=False, markup=False)


def _print_addresses(running: Stage, console: Console) -> None:
    console.print()
    for name, address in running.addresses.items():
        console.print(f"  {name:<24}{address}", soft_wrap=True)
    console.print()


def _carry_out(main: Coroutine[Any, Any, int]) -> int:
    """Run to the end or to Ctrl-C; the exit status."""
    try:
        status = asyncio.run(until_stopped(main))
    except KeyboardInterrupt:
        return INTERRUPTED
    except (DevServerError, ChildFailed, DirectoryTaken, Ignored) as problem:
        print(f"dripstone: {problem}", file=sys.stderr, flush=True)
        return NO
    return INTERRUPTED if status is None else status


def _ports(wishes: list[str] | None) -> Ports:
    names = [field.name for field in dataclasses.fields(Ports)]
    chosen: dict[str, int] = {}
    for wish in wishes or []:
        name, _, number = wish.partition("=")
        if name not in names or not number.isdecimal() or int(number) > 65535:
            raise typer.BadParameter(f"{wish!r}: write one of {', '.join(names)}, = and a port")
        chosen[name] = int(number)
    return Ports(**chosen)
