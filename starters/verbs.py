"""Which module has which verbs, in the order of the help: a command loads its own module alone.

Loading all of them takes two to three times as long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module

import typer

VERBS: Mapping[str, tuple[str, ...]] = {
    "run": ("demo", "dev", "worker", "ingress"),
    "author": ("validate", "publish"),
    "codec": ("codec-server", "codec-keys"),
    "deleting": ("delete-step",),
    "lifecycle": ("enable", "disable", "turn-off", "archive"),
    "migrating": ("migrate",),
    "halting": ("halt", "release"),
    "feeds": ("feeds",),
    "launching": ("launch", "waves"),
    "reconciling": ("reconcile",),
    "enroll": ("enroll", "emit"),
    "handovers": ("handovers",),
    "consenting": ("consents",),
    "rehearse": ("rehearse",),
    "operate": ("list", "status", "remove"),
    "explaining": ("explain",),
    "suppress": ("suppress", "unsuppress"),
    "erasing": ("erase",),
    "orders": ("pause", "resume", "retry", "skip"),
    "replay": ("replay",),
    "resetting": ("reset",),
    "replies": ("replies",),
    "report": ("report",),
    "settings": ("settings",),
    "review": ("review", "approve"),
    "alerts": ("alerts",),
    "showing": ("schema", "draw", "diff"),
    "unknowns": ("unknowns",),
    "template_orders": ("template",),
    "doctor": ("doctor", "connections"),
    "writing": ("write-back",),
}


def modules_for(arguments: Sequence[str]) -> tuple[str, ...]:
    """The module of the verb that is named; all of them for the help, or for an unknown verb."""
    verb = next((one for one in arguments if not one.startswith("-")), "")
    return next(((module,) for module, verbs in VERBS.items() if verb in verbs), tuple(VERBS))


def verbs_of(module: str) -> typer.Typer:
    """The verbs of a module, which is loaded now if it was not."""
    found: typer.Typer = import_module(f"starters.commands.{module}").verbs
    return found
