"""The rules hold in this repository, and each is seen to fail on a sample that breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rules.arrows import environment_readers, impure_engine, wrong_arrows
from tests.rules.budgets import nameless, oversized
from tests.rules.repository import loose_pins, machine_traces, unlocked
from tests.rules.sources import text_files

ROOT = Path(__file__).parent.parent
Rule = Callable[[Path], Iterator[str]]


def none(offences: Iterator[str]) -> None:
    found = list(offences)
    assert not found, "\n" + "\n".join(found)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "rule", [wrong_arrows, impure_engine, environment_readers, oversized, nameless]
)
def test_the_code_keeps_the_rule(rule: Rule) -> None:
    none(rule(ROOT))


def test_the_repository_names_no_path_and_no_index_of_a_machine() -> None:
    none(machine_traces(text_files(ROOT)))


def test_each_locked_requirement_has_a_version_and_hashes_and_no_address() -> None:
    none(loose_pins(read("requirements.lock")))


def test_the_lock_covers_what_pyproject_asks_for() -> None:
    none(unlocked(read("pyproject.toml"), read("requirements.lock")))


@pytest.mark.parametrize(
    ("rule", "path", "code", "offence"),
    [
        (wrong_arrows, "workflows/a.py", "import activities.ledger", "must not import activities"),
        (wrong_arrows, "workflows/a.py", "from config import settings", "workflows must not"),
        (wrong_arrows, "workflows/engine/a.py", "import workflows.orders", "workflows.engine must"),
        (wrong_arrows, "activities/a.py", "import config.settings", "through the constructor"),
        (
            wrong_arrows,
            "activities/a.py",
            "def f():\n    import workers",
            ":2: activities must not",
        ),
        (wrong_arrows, "workers/a.py", "from starters import cli", "import starters.cli"),
        (wrong_arrows, "starters/a.py", "from activities.vendors import x", "ledger and dispatch"),
        (wrong_arrows, "starters/sandbox/a.py", "import activities.ledger", "shares no code"),
        (wrong_arrows, "starters/webhooks/a.py", "import starters.cli", "verifies and parses"),
        (impure_engine, "workflows/engine/a.py", "import time", "must not import time"),
        (impure_engine, "workflows/engine/a.py", "from zoneinfo import ZoneInfo", "zoneinfo"),
        (impure_engine, "workflows/engine/steps/a.py", "import temporalio", "temporalio"),
        (impure_engine, "workflows/engine/a.py", "x = open('y')", "must not call open()"),
        (environment_readers, "workers/a.py", "import os\nx = os.environ['A']", ":2: only config"),
        (environment_readers, "starters/a.py", "from os import getenv", ":1: only config"),
        (environment_readers, "activities/a.py", "import pydantic_settings", ":1: only config"),
        (oversized, "config/a.py", "x = 1\n" * 251, "251 lines, 250 allowed"),
        (oversized, "tests/a.py", "def f():\n" + "    x = 1\n" * 40, "f has 41 lines"),
        (oversized, "workers/a.py", "def f(a, b, c, d, *, e, g): ...", "takes 6 parameters"),
        (nameless, "activities/utils.py", "", "'utils' says nothing"),
        (nameless, "workers/common/a.py", "", "'common' says nothing"),
    ],
)
def test_a_rule_that_is_broken_is_seen(
    tmp_path: Path, rule: Rule, path: str, code: str, offence: str
) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(code)
    (found,) = rule(tmp_path)
    assert found.startswith(path)
    assert offence in found


@pytest.mark.parametrize(
    ("rule", "path", "code"),
    [
        (wrong_arrows, "starters/a.py", "import activities.ledger.store, activities.dispatch"),
        (wrong_arrows, "workers/a.py", "import activities.vendors, workflows.engine, config"),
        (impure_engine, "workflows/engine/a.py", "import re, pydantic, collections.abc"),
        (environment_readers, "config/settings.py", "import os, pydantic_settings\nos.environ"),
        (oversized, "starters/commands/a.py", "def f(a, b, c, d, e, g): ..."),
        (oversized, "activities/ledger/migrations/versions/1.py", "x = 1\n" * 251),
        (oversized, "workers/a.py", "class A:\n    def f(self, a, b, c, d, e): ..."),
    ],
)
def test_what_is_allowed_is_no_offence(tmp_path: Path, rule: Rule, path: str, code: str) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(code)
    none(rule(tmp_path))


@pytest.mark.parametrize(
    ("line", "offences"),
    [
        ("see /{}/someone/notes".format("home"), 1),
        ("cd '/{}/build'".format("tmp"), 1),
        ("pip install --{} there".format("index-url"), 1),
        ("https://files.{}.org/x".format("pythonhosted"), 1),
        ("uv --no-emit-index-url", 0),
        ("https://example.com/home/page and /services/data", 0),
    ],
)
def test_a_trace_of_a_machine_is_seen(tmp_path: Path, line: str, offences: int) -> None:
    (tmp_path / "a.md").write_text(f"first\n{line}\n")
    (tmp_path / "image").write_bytes(b"\0" + line.encode())
    found = list(machine_traces(text_files(tmp_path)))
    assert [offence.split(": ")[0] for offence in found] == ["a.md:2"] * offences


@pytest.mark.parametrize(
    ("lock", "offence"),
    [
        ("httpx==1.0", "httpx==1.0 has no hash"),
        ("httpx>=1 \\\n    --hash=sha256:00", "httpx>=1 is not pinned"),
        ("httpx @ file:x==1 \\\n    --hash=sha256:00", "httpx names an address"),
    ],
)
def test_a_loose_pin_is_seen(lock: str, offence: str) -> None:
    assert any(offence in found for found in loose_pins(lock))


@pytest.mark.parametrize(
    ("lock", "missing"),
    [
        ("HTTPX==1.5 ; x\nh11==1\nh2==4", []),
        ("httpx==2.0\nh11==1\nh2==4", ["httpx"]),
        ("httpx==1.5\nh2==4", ["h11"]),
        ("httpx==1.5\nh11==1\nbrotli==1", ["h2"]),
    ],
)
def test_a_dependency_that_is_not_locked_is_seen(lock: str, missing: list[str]) -> None:
    asked = {"httpx": ["h11", "h2; extra == 'http2'", "brotli; extra == 'brotli'"]}
    pyproject = (
        "[build-system]\nrequires = []\n[project]\nname = 'dripstone'\n"
        "dependencies = ['httpx[http2]>=1,<2', 'dripstone[demo]']\n"
    )
    found = unlocked(pyproject, lock, lambda name, _version: asked.get(name, []))
    assert [offence.split(", '")[0].split()[-1] for offence in found] == missing
