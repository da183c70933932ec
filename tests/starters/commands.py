"""Commands as tests give them: in this process where that tells as much, else as they are run."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from starters.cli import run
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-m", "starters")

WAITING = """\
id: {name}
name: A test
trigger: {{kind: manual}}
campaign: {{engagement_window: 30 days, lane: {name}}}
steps:
  - {{id: rest, kind: wait, for: 1 day}}
  - {{id: more, kind: wait, for: 2 days}}
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What a command answered."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)


class Commands:
    """The command line in a directory, with a ledger there and Temporal at an address."""

    def __init__(self, directory: Path, temporal: str) -> None:
        self.directory = directory
        self.environment = {
            "DRIPSTONE_LEDGER_URL": f"sqlite:///{directory}/ledger.db",
            "DRIPSTONE_TEMPLATES": str(ROOT / "config" / "templates"),
            "DRIPSTONE_CONNECTIONS": str(ROOT / "config" / "connections.yaml"),
            "DRIPSTONE_SMTP__HOST": "127.0.0.1",
            "TEMPORAL_ADDRESS": temporal,
        }

    def __call__(self, *arguments: str, **environment: str) -> Result:
        """Run a command in this process."""
        out, err = io.StringIO(), io.StringIO()
        with self._environment(environment), redirect_stdout(out), redirect_stderr(err):
            status = run([str(argument) for argument in arguments])
        return Result(status, out.getvalue(), err.getvalue())

    def process(self, *arguments: str, **environment: str) -> Result:
        """Run a command as a process of its own."""
        done = subprocess.run(
            [*PROGRAM, *arguments],
            cwd=ROOT,
            env=os.environ | self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * PATIENCE,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[str]]:
        """A worker process that is at work, ended by SIGTERM."""
        with tempfile.TemporaryFile("w+") as said:  # a pipe that nobody reads would be full once
            process = subprocess.Popen(
                [*PROGRAM, "worker", "--ready-line"],
                cwd=ROOT,
                env=os.environ | self.environment,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )
            assert process.stdout
            with process.stdout:
                try:
                    ready = process.stdout.readline()
                    assert ready, f"the worker did not start: {_all_of(said)}"
                    assert json.loads(ready)["ready"] == "worker"
                    yield process
                finally:
                    process.terminate()
                    process.wait(timeout=120)

    def file(self, name: str, content: str | bytes) -> str:
        """A file in the directory; its path."""
        path = self.directory / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def enabled(self, name: str, definition: str = WAITING, **environment: str) -> str:
        """Publish and enable an automation of that id."""
        file = self.file(f"{name}.yaml", definition.format(name=name))
        published = self("publish", file, "--enable", "--json", **environment)
        assert published.status == 0, published
        return name

    @contextmanager
    def _environment(self, more: Mapping[str, str]) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {**self.environment, **more}.items():
                patch.setenv(name, value)
            yield


def _all_of(file: IO[str]) -> str:
    file.seek(0)
    return file.read()
