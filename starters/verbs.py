"""Which module has which verbs, and under which heading of the help they stand.

A command loads its own module alone: loading all of them takes two to three times as long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module

import typer

VERBS: Mapping[str, tuple[str, ...]] = {
    "run": ("demo", "dev", "worker", "ingress"),
    "author": ("validate", "publish"),
    "rehearse": ("rehearse",),
    "showing": ("schema", "draw", "diff"),
    "template_orders": ("template",),
    "settings": ("settings",),
    "deleting": ("delete-step",),
    "enroll": ("enroll", "emit"),
    "launching": ("launch", "waves"),
    "operate": ("list", "status", "remove"),
    "explaining": ("explain",),
    "orders": ("pause", "resume", "retry", "skip"),
    "consenting": ("consents",),
    "suppress": ("suppress", "unsuppress"),
    "erasing": ("erase",),
    "lifecycle": ("enable", "disable", "turn-off", "archive"),
    "halting": ("halt", "release"),
    "migrating": ("migrate",),
    "review": ("review", "approve"),
    "replies": ("replies",),
    "alerts": ("alerts",),
    "unknowns": ("unknowns",),
    "writing": ("write-back",),
    "reconciling": ("reconcile",),
    "resetting": ("reset",),
    "report": ("report",),
    "handovers": ("handovers",),
    "feeds": ("feeds",),
    "doctor": ("doctor", "connections"),
    "replay": ("replay",),
    "codec": ("codec-server", "codec-keys"),
}


HEADINGS: Mapping[str, str] = {
    "Run": "demo dev worker ingress codec-server",
    "Write automations": "validate rehearse draw diff schema publish delete-step settings template",
    "Leads": "enroll emit launch waves list status explain remove pause resume retry skip consents "
    "suppress unsuppress erase",
    "Operate": "enable disable turn-off archive halt release migrate review approve replies alerts "
    "unknowns write-back reconcile reset codec-keys",
    "Look": "report handovers feeds connections doctor replay",
}
"""Headings of the help, each with its verbs."""


def modules_for(arguments: Sequence[str]) -> tuple[str, ...]:
    """The module of the verb that is named; all of them for the help, or for an unknown verb."""
    verb = next((one for one in arguments if not one.startswith("-")), "")
    return next(((module,) for module, verbs in VERBS.items() if verb in verbs), tuple(VERBS))


def verbs_of(module: str) -> typer.Typer:
    """The verbs of a module, which is loaded now if it was not, under their headings."""
    found: typer.Typer = import_module(f"starters.commands.{module}").verbs
    named = {verb: heading for heading, verbs in HEADINGS.items() for verb in verbs.split()}
    for command in found.registered_commands:
        called = command.name or getattr(command.callback, "__name__", "")
        command.rich_help_panel = named[str(called)]
    for group in found.registered_groups:
        group.rich_help_panel = named[str(group.name)]
    return found
