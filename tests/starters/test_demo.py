"""The demo as a newcomer runs it: to its end, with its worker killed, and broken off."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROC = Path("/proc")
SEED = 20261121
PORTS = ("temporal", "ui", "sandbox", "smtp", "ingress", "codec")
LONGEST = 400
"""Seconds. A demo gives itself up earlier than this."""
ANY_PORTS = [f"--port={name}=0" for name in PORTS]

pytestmark = pytest.mark.skipif(not PROC.is_dir(), reason="finds processes by /proc (Linux)")


@dataclass(frozen=True, slots=True)
class Ended:
    """A demo that has ended: its exit status, its document, what it said beside it, and what
    Temporal had stored while it ran."""

    status: int
    document: dict[str, Any]
    said: str
    directory: Path
    stored: bytes = b""


def start(directory: Path, *options: str) -> subprocess.Popen[str]:
    """A demo of its own in ``directory``, as a program of its own session."""
    said = (directory.parent / f"{directory.name}.said").open("w")
    with said:
        return subprocess.Popen(
            [sys.executable, "-m", "starters", "demo", f"--directory={directory}", *options],
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )


def wait_until_said(directory: Path, words: str, demo: subprocess.Popen[str]) -> None:
    while words not in said_in(directory):
        assert demo.poll() is None, said_in(directory)
        time.sleep(0.05)


def said_in(directory: Path) -> str:
    """What the demo there has said so far."""
    return (directory.parent / f"{directory.name}.said").read_text()


def stored_in(directory: Path) -> bytes:
    """What Temporal has in its files at this moment."""
    return b"".join(path.read_bytes() for path in (directory / "temporal").glob("temporal.db*"))


def end(demo: subprocess.Popen[str], directory: Path, stored: bytes = b"") -> Ended:
    try:
        out, _ = demo.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        demo.kill()
        demo.communicate()
        raise AssertionError(f"no end after {LONGEST} s: {said_in(directory)}") from None
    document = json.loads(out) if out else {}
    return Ended(demo.returncode, document, said_in(directory), directory, stored)


def processes_of(directory: Path) -> dict[int, str]:
    """Running processes that name the directory in their command or their settings."""
    found = {}
    for entry in PROC.iterdir():
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            settings = (entry / "environ").read_bytes().decode(errors="replace")
        except (OSError, NotADirectoryError):
            continue
        if str(directory) in command + settings:
            found[int(entry.name)] = command
    return found


def kill_worker(directory: Path, demo: subprocess.Popen[str]) -> None:
    """SIGKILL to the worker, as soon as there is one."""
    while True:
        assert demo.poll() is None, said_in(directory)
        for pid, command in processes_of(directory).items():
            if " starters worker" in command and "tether" not in command:
                os.kill(pid, signal.SIGKILL)
                return
        time.sleep(0.05)


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ended, Ended]]:
    """Two demos side by side; the second is encrypted, and its worker is killed twice."""
    place = tmp_path_factory.mktemp("demos")
    one, other = place / "one", place / "other"
    chance = random.Random(SEED)
    undisturbed = start(one, "--json", *ANY_PORTS)
    killed = start(other, "--json", "--encrypted", *ANY_PORTS)
    try:
        wait_until_said(other, "enrolling", killed)
        for longest in (4.0, 12.0):
            time.sleep(chance.uniform(0.5, longest))
            kill_worker(other, killed)
        stored = stored_in(one), stored_in(other)
        yield end(undisturbed, one, stored[0]), end(killed, other, stored[1])
    finally:
        for demo in (undisturbed, killed):
            if demo.poll() is None:
                demo.terminate()
                demo.communicate()


def test_the_demo_keeps_all_that_it_promises(demos: tuple[Ended, Ended]) -> None:
    done, _ = demos
    broken = [one for one in done.document["promises"] if not one["kept"]]
    assert not broken, done.said
    assert done.status == 0
    report = done.document["report"]
    assert report["exits"] == {
        "completed": 25,
        "email_bounced": 3,
        "meeting_booked": 3,
        "reply_received": 4,
        "unsubscribed": 5,
    }
    facts = ("entered", "live", "replied", "bounced", "unsubscribed", "meetings", "out_of_office")
    assert [report[name] for name in facts] == [42, 2, 4, 3, 5, 3, 2]
    assert not report["unknown"]
    assert [row["line"] for row in done.document["rejected"]] == [
        *(11, 18, 26, 31, 35),
        *(39, 43, 46, 47, 52),
    ]


def test_the_demo_shows_who_is_held_and_until_when(demos: tuple[Ended, Ended]) -> None:
    done, _ = demos
    held = done.document["report"]["held"]
    assert [one["cause"] for one in held] == ["out of office"] * 2
    assert all(one["until"] for one in held)


def refusals(report: dict[str, Any]) -> Counter[str]:
    """How many rows were refused, by the reason as a reader would sum it up."""
    counts: Counter[str] = Counter()
    for reason, count in report["refused"].items():
        again = reason.startswith(("already enrolled", "enrolled before"))
        counts["enrolled once already" if again else reason] += count
    return counts


def test_a_killed_worker_changes_neither_the_report_nor_sends_a_mail_twice(
    demos: tuple[Ended, Ended],
) -> None:
    undisturbed, killed = demos
    assert "worker ended by itself (SIGKILL)" in killed.said
    broken = [one for one in killed.document["promises"] if not one["kept"]]
    assert not broken, killed.said
    assert killed.status == 0
    one, other = undisturbed.document["report"], killed.document["report"]
    may_differ = {"sent", "unknown", "not_sent", "writebacks", "held"}
    # The second record of a person may come before or after the exit of the first.
    assert refusals(one) == refusals(other)
    for name in one.keys() - may_differ - {"refused"}:
        assert other[name] == one[name], name
    assert {held["lead"] for held in other["held"]} == {held["lead"] for held in one["held"]}
    assert killed.document["rejected"] == undisturbed.document["rejected"]


def test_temporal_can_read_nothing_of_an_encrypted_demo(demos: tuple[Ended, Ended]) -> None:
    plain, encrypted = demos
    inside = b'"definition":{'
    assert (inside in plain.stored, b"binary/encrypted" in plain.stored) == (True, False)
    assert (inside in encrypted.stored, b"binary/encrypted" in encrypted.stored) == (False, True)


def test_the_demo_leaves_nothing_behind(demos: tuple[Ended, Ended]) -> None:
    for done in demos:
        assert not done.directory.exists()
        assert not processes_of(done.directory)


def test_a_demo_that_is_broken_off_leaves_nothing_behind(tmp_path: Path) -> None:
    directory = tmp_path / "demo"
    demo = start(directory, "--json", *ANY_PORTS)
    wait_until_said(directory, "starting the ingress", demo)
    demo.send_signal(signal.SIGINT)
    ended = end(demo, directory)
    assert ended.status == 130
    assert not ended.document
    assert not directory.exists()
    assert not processes_of(directory)


def test_a_directory_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    directory = tmp_path / "mine"
    directory.mkdir()
    (directory / "letter.txt").write_text("mine")
    ended = end(start(directory, "--json", *ANY_PORTS), directory)
    assert ended.status == 1
    assert "holds files that no demo made" in ended.said
    assert [file.name for file in directory.iterdir()] == ["letter.txt"]


def test_a_second_demo_in_the_same_directory_is_refused(tmp_path: Path) -> None:
    directory, again = tmp_path / "demo", tmp_path / "again"
    first = start(directory, "--json", *ANY_PORTS)
    wait_until_said(directory, "starting the Temporal", first)
    second = start(again, "--json", f"--directory={directory}", *ANY_PORTS)
    refused = end(second, again)
    first.send_signal(signal.SIGTERM)
    end(first, directory)
    assert refused.status == 1
    assert "is in use by another run" in refused.said
    assert not directory.exists()
