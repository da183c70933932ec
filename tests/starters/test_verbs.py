"""A command loads the module of its own verb, and the list of them is complete."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from starters import commands
from starters.cli import run
from starters.verbs import HEADINGS, VERBS, modules_for, verbs_of


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


def test_every_verb_stands_under_one_heading_of_the_help(
    capsys: pytest.CaptureFixture[str],
) -> None:
    under = [verb for verbs in HEADINGS.values() for verb in verbs.split()]
    assert sorted(under) == sorted(verb for verbs in VERBS.values() for verb in verbs)
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert [heading for heading in HEADINGS if f"─ {heading} ─" not in shown] == []
    assert "─ Commands ─" not in shown


@pytest.mark.parametrize("verb", [verb for verbs in VERBS.values() for verb in verbs])
def test_the_help_of_a_verb_writes_no_bracket_twice(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([verb, "--help"]) == 0
    usage = capsys.readouterr().out.split("╭")[0]
    assert not {"[[", "...]]", "...}"} & set(re.findall(r"\[\[|\.\.\.\]\]|\.\.\.}", usage))


@pytest.mark.parametrize("verb", ["enroll", "launch", "rehearse"])
def test_the_file_of_leads_has_the_same_names_everywhere(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([verb, "--help"]) == 0
    shown = capsys.readouterr().out
    assert ("--leads" in shown, "--file" in shown) == (True, True)


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


def test_what_is_logged_does_not_get_into_what_a_command_answers() -> None:
    said = "from starters.cli import run; import structlog; run(['--version']); "
    said += "structlog.get_logger().warning('a word of warning'); structlog.get_logger().info('hm')"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert "a word of warning" in done.stderr
    assert "warning" not in done.stdout
    assert "hm" not in done.stdout + done.stderr
