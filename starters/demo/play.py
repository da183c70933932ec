"""The demo from its first line to its report, and the development stage that is left running."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import sys
import time
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar

import httpx
from rich.console import Console

from activities.ledger.publishing import publish, set_state
from activities.ledger.template_choice import ready_to_publish
from starters.definitions.loading import load
from starters.demo.directory import own_directory
from starters.demo.hurry import hurried
from starters.demo.outcome import Outcome
from starters.demo.progress import Progress, progress
from starters.demo.promises import Play, judge
from starters.demo.prospects import Prospects
from starters.demo.sample_leads import enroll, read_sample, seed
from starters.demo.sight import Sight, look
from starters.demo.stage import CONFIG, Ports, Stage, stage
from workers.authoring import read_templates
from workflows.engine.automation import Automation
from workflows.engine.steps.send_email import SendEmail

SAMPLE = CONFIG / "automations" / "spring-outreach.yaml"
DEADLINE: Final = timedelta(seconds=150)
"""When the demo gives up waiting, counted from the enrollment of the leads."""

LOOK_EVERY: Final = timedelta(seconds=0.7)
SECOND_LOOKS = 5
"""How often it looks again, once all is quiet, for what is still on its way into the picture."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person at the terminal asked for."""

    directory: Path
    ports: Ports
    encrypted: bool = False


@contextlib.asynccontextmanager
async def set_stage(wishes: Wishes, console: Console) -> AsyncIterator[Stage]:
    """The stage in a directory of its own, with the sample campaign published and enabled."""

    def say(sentence: str) -> None:
        console.print(f"  {sentence}", soft_wrap=True, highlight=False)

    with own_directory(wishes.directory) as directory:
        async with stage(directory, wishes.ports, say, encrypted=wishes.encrypted) as running:
            try:
                yield running
            finally:
                console.print("stopping everything that was started")


async def publish_sample(running: Stage) -> Automation:
    """Publish and enable the sample campaign.

    Raises:
        RuntimeError: it was changed and is no longer a campaign; carries the findings.
    """
    source = hurried(SAMPLE.read_text("utf-8"))
    with TemporaryDirectory() as place:
        file = Path(place) / SAMPLE.name
        file.write_text(source, "utf-8")
        automation, findings = load(file)
    if automation is None:
        raise RuntimeError("\n".join(map(str, findings)))
    names = (step.template for step in automation.steps if isinstance(step, SendEmail))
    written = read_templates(CONFIG / "templates").written(names)
    ledger = running.ledger
    await ready_to_publish(ledger, automation.center, written, "demo", vouches=True)
    await publish(ledger, automation, source, [one.text for one in written], "demo")
    await set_state(ledger, automation.id, "enabled", "demo")
    return automation


async def perform(running: Stage, automation: Automation, console: Console) -> Outcome:
    """Enroll the sample leads, let the prospects act, and wait until everything has happened."""
    began = time.monotonic()
    async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
        audience = read_sample()
        await seed(running, audience.rows, http)
        prospects = Prospects(running, automation.id, audience, http)
        did, back = prospects.acknowledged, prospects.back
        play = Play(automation, running.connections, audience, did, back)
        console.print(f"enrolling the {len(audience.rows)} rows of config/leads/sample.csv")
        with progress(console) as shown:
            watching = _watch(running, play, http, shown)
            entering = enroll(running, automation, audience)
            sight, late = await beside(watching, entering, prospects.live(), running.watch())
    return Outcome(play, sight, judge(play, sight), time.monotonic() - began, late)


async def _watch(
    running: Stage, play: Play, http: httpx.AsyncClient, shown: Progress
) -> tuple[Sight, bool]:
    """Look until nothing goes on any more; the last look, and whether it came too late."""
    until = time.monotonic() + DEADLINE.total_seconds()
    quiet = 0
    while True:
        sight = await look(running, play.automation.id, http)
        shown.show(sight, play.audience.names)
        settled = play.audience.complete and sight.settled
        quiet = quiet + 1 if settled else 0
        kept = settled and all(one.holds for one in judge(play, sight))
        if kept or quiet > SECOND_LOOKS or time.monotonic() > until:
            return sight, not settled
        await asyncio.sleep(LOOK_EVERY.total_seconds())


async def beside(main: Coroutine[Any, Any, Result], *others: Coroutine[Any, Any, None]) -> Result:
    """Run ``main`` to its end, the others beside it; what one of them raises ends it all."""
    wanted = asyncio.create_task(main)
    tasks: set[asyncio.Task[Any]] = {wanted, *(asyncio.create_task(other) for other in others)}
    running = tasks
    try:
        while wanted in running:
            ended, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        return await wanted
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def linger(running: Stage, seconds: float | None) -> None:
    """Keep everything open: until Enter on a terminal, for so long, or (None) until Ctrl-C."""
    entered = asyncio.Event()
    loop = asyncio.get_running_loop()
    listens = sys.stdin.isatty() and seconds is not None
    if listens:
        loop.add_reader(sys.stdin, entered.set)
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await beside(_wait(entered), running.watch())
    finally:
        if listens:
            loop.remove_reader(sys.stdin)


async def _wait(entered: asyncio.Event) -> None:
    await entered.wait()


def keep_environment(running: Stage, directory: Path) -> Path:
    """Write the settings down as a file that a shell can source, the sandbox's secrets included."""
    file = directory / "environment.sh"
    lines = (f"export {key}={shlex.quote(value)}\n" for key, value in running.environment.items())
    file.touch(mode=0o600)
    file.write_text("".join(lines), encoding="utf-8")
    return file
