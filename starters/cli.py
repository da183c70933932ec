"""The command line ``dripstone``: exit status 0 done, 1 no, 2 wrong use; never a traceback."""

from __future__ import annotations

import importlib.metadata
import io
import logging
import sys
import traceback
from collections.abc import Callable, Sequence
from functools import cache
from typing import Annotated, NoReturn

import structlog
import typer

from activities.ledger import LedgerUnavailable
from activities.ledger.leads import BadLead
from activities.ledger.publishing import NotPublished
from activities.ledger.template_lives import TemplateRefused
from starters.commands.logs import log_to_standard_error
from starters.commands.opened import WrongSettings
from starters.commands.output import Refused, WrongUse, tell
from starters.processes.ending import finish
from starters.verbs import modules_for, verbs_of
from workers.accounts import BadConnections
from workers.key_check import WrongCodecKeys
from workers.plugin import TemporalUnreachable

DONE, NO, WRONG_USE, INTERRUPTED = 0, 1, 2, 130

NO_ERRORS = (
    Refused,
    NotPublished,
    TemplateRefused,
    BadLead,
    TemporalUnreachable,
    LedgerUnavailable,
    BadConnections,
    WrongCodecKeys,
)
"""Errors whose message is meant for the person at the terminal."""


def _version(wanted: bool) -> None:
    if wanted:
        try:
            print(importlib.metadata.version("dripstone"))
        except importlib.metadata.PackageNotFoundError:
            print("not installed: run from its source")
        raise typer.Exit(DONE)


def _global_options(
    trace: Annotated[
        bool, typer.Option("--traceback", help="Show where an error came from.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    # Read from the arguments in ``run``: it is needed for errors in reading them, too.
    del trace, version


@cache
def _command(modules: tuple[str, ...]) -> Callable[..., object]:
    """The commands of these modules; reading them from their signatures takes a while."""
    app = typer.Typer(
        name="dripstone",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="Durable enrollment of leads in outreach and follow-up automations, on Temporal.",
    )
    app.callback()(_global_options)
    for module in modules:
        app.add_typer(verbs_of(module))
    return typer.main.get_command(app)


def run(arguments: Sequence[str]) -> int:
    """Carry out one command and return its exit status."""
    if not structlog.is_configured():
        log_to_standard_error(logging.WARNING)
    try:
        _command(modules_for(arguments))(args=list(arguments), prog_name="dripstone")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else NO
    except BaseException as error:  # noqa: BLE001 - whatever it is, it ends in one line and a status
        if "--traceback" in arguments:
            traceback.print_exception(error)
        return _explain(error)
    return DONE


def _explain(error: BaseException) -> int:
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        return DONE  # its reader has seen enough (`dripstone list | head`)
    if isinstance(error, WrongUse | WrongSettings):
        tell(f"dripstone: {error}")
        return WRONG_USE
    if isinstance(error, NO_ERRORS):
        tell(f"dripstone: {error}")
        return NO
    said = str(error).splitlines()[0] if str(error) else "no message"
    tell(
        f"dripstone: unexpected {type(error).__name__}: {said} "
        "(dripstone --traceback shows where it came from)"
    )
    return NO


def main() -> NoReturn:
    """The console script."""
    logging.captureWarnings(True)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal in ASCII is no reason to fail
    finish(run(sys.argv[1:]))
