"""A command loads the module of its own verb, and the list of them is complete."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from starters import commands
from starters.verbs import VERBS, modules_for, verbs_of


@pytest.mark.parametrize("module", VERBS)
def test_the_list_has_the_verbs_that_a_module_has(module: str) -> None:
    app = typer.Typer()
    app.callback()(lambda: None)
    app.add_typer(verbs_of(module))
    group = typer.main.get_group(app)
    assert tuple(group.commands) == VERBS[module]


def test_no_module_with_verbs_is_left_out() -> None:
    (place,) = commands.__path__
    having = {file.stem for file in Path(place).glob("*.py") if "\nverbs = " in file.read_text()}
    # What belongs to `template` is added to it by `template_orders`.
    assert having - {"templating"} == set(VERBS)


@pytest.mark.parametrize(
    ("arguments", "modules"),
    [
        (("alerts", "--all"), ("alerts",)),
        (("--traceback", "codec-keys", "x"), ("codec",)),
        (("template", "list"), ("template_orders",)),
        ((), tuple(VERBS)),
        (("--help",), tuple(VERBS)),
        (("alert",), tuple(VERBS)),
    ],
)
def test_what_is_loaded_goes_by_the_first_word(
    arguments: tuple[str, ...], modules: tuple[str, ...]
) -> None:
    assert modules_for(arguments) == modules


def test_a_command_leaves_the_rest_unloaded() -> None:
    program = "import sys, starters.cli as c; c.run(['schema', '--help']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    loaded = done.stdout.decode().split()
    assert "starters.commands.showing" in loaded
    assert not {"starters.commands.rehearse", "temporalio.testing"} & set(loaded)
