"""Who gives a command, for the records."""

from __future__ import annotations

import os
import pwd
from typing import Annotated

import typer

By = Annotated[
    str | None, typer.Option("--by", help="Who does it; the user of this machine if left out.")
]

Why = Annotated[str, typer.Option("--reason", help="Why, for the record.")]


def operator() -> str:
    """Who runs the command, as this machine knows them."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"
