"""Commands that run something until they are stopped: demo, dev, worker, ingress."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Annotated, Any

import typer
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from starters.commands.logs import log_to_standard_error
from starters.commands.opened import opened, settings_of_environment
from starters.commands.output import Refused, WrongUse, tell
from starters.processes.supervisor import until_stopped
from workers.accounts import BadConnections
from workflows.contracts import TASK_QUEUE

verbs = typer.Typer()

LOOK_EVERY_SECONDS = 0.05

ReadyLine = Annotated[
    bool, typer.Option("--ready-line", help="Print a line of JSON once it is at work.")
]
AsJson = Annotated[bool, typer.Option("--json", help="The same as --ready-line.")]
HANDED_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


@verbs.command(context_settings=HANDED_ON)
def demo(context: typer.Context) -> None:
    """Show the whole product on this machine: Temporal, its web UI, a worker, sandbox vendors."""
    from starters.demo.command import demo as command

    _hand_on(context, command)


@verbs.command(context_settings=HANDED_ON)
def dev(context: typer.Context) -> None:
    """The same, left running for a look around and for work of your own."""
    from starters.demo.command import dev as command

    _hand_on(context, command)


@verbs.command()
def worker(ready_line: ReadyLine = False, as_json: AsJson = False) -> None:
    """Carry out enrollments, until SIGTERM or Ctrl-C; what is in flight is finished first."""
    # Imported here: no other command needs the vendors' clients.
    from workers.home import WrongTemporal
    from workers.main import MissingSearchAttributes, run_worker
    from workers.telemetry import CannotShowMetrics, runtime_of

    async def work() -> None:
        async with opened() as here:
            client = await here.client_of_a_worker(runtime_of(here.settings.worker))
            run = run_worker(client, here.ledger, here.connections, here.settings)
            await _at_work(run, client, says_ready=ready_line or as_json)

    log_to_standard_error()
    try:
        asyncio.run(until_stopped(work()))
    except (MissingSearchAttributes, WrongTemporal, CannotShowMetrics) as error:
        raise Refused(str(error)) from error


@verbs.command()
def ingress(ready_line: ReadyLine = False, as_json: AsJson = False) -> None:
    """Take in webhooks and events, and answer unsubscribe links; works with Temporal down."""

    # Imported here: no other command needs a web server.
    from starters.ingress.app import CannotListen, serve_ingress

    settings = settings_of_environment()
    log_to_standard_error()
    try:
        asyncio.run(serve_ingress(settings, announce=ready_line or as_json))
    except CannotListen as error:
        raise Refused(str(error)) from error
    except BadConnections:
        raise
    except ValueError as error:
        raise WrongUse(f"DRIPSTONE_INGRESS__EVENTS_SECRET: {error}") from error


async def _at_work(run: Coroutine[Any, Any, None], client: Client, says_ready: bool) -> None:
    """Run the worker, and say so as soon as Temporal knows of it."""
    work = asyncio.create_task(run)
    polls = asyncio.create_task(_is_polling(client))
    try:
        await asyncio.wait([work, polls], return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            where = f"{client.service_client.config.target_host}, namespace {client.namespace}"
            ready = {"ready": "worker", "temporal": where}
            if says_ready:
                print(json.dumps(ready), flush=True)
            else:
                tell(f"at work for {where}; Ctrl-C stops")
        await work
    finally:
        for task in (polls, work):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _is_polling(client: Client) -> None:
    """Wait until the server has seen this process ask for work."""
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=TASK_QUEUE),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    while True:
        with suppress(RPCError):
            described = await client.workflow_service.describe_task_queue(request)
            if any(poller.identity == client.identity for poller in described.pollers):
                return
        await asyncio.sleep(LOOK_EVERY_SECONDS)


def _hand_on(context: typer.Context, command: Callable[..., Any]) -> None:
    """Let a command that is written elsewhere read the rest of the arguments itself."""
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(context_settings={"help_option_names": ["-h", "--help"]})(command)
    name = context.command_path
    try:
        alone(args=list(context.args), prog_name=name)
    except ModuleNotFoundError as error:
        raise Refused(f"{error.name} is not installed: pip install 'dripstone[demo]'") from error
