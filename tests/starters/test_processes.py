"""Children start in order, come back if they may, and never outlive the one who started them."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from starters.processes.supervisor import Child, ChildFailed, Supervisor, first_failure, free_port
from tests.patience import PATIENCE, until, until_blocking
from tests.ports import port_for_later

READY = 'import os, time; print(\'{"ready": true, "pid": %d}\' % os.getpid(), flush=True); '
STAYS = f"{READY}time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {STAYS}"

PARENT = f"""
import asyncio, pathlib, sys
from starters.processes.supervisor import Child, Supervisor, until_stopped

async def main():
    async with Supervisor(pathlib.Path(sys.argv[1]), print) as children:
        for name in ("first", "second"):
            ready = await children.start(Child(name, (sys.executable, "-c", {STAYS!r})))
            print(ready["pid"], flush=True)
        await children.run()

print(asyncio.run(until_stopped(main())), flush=True)
"""


def child(name: str, code: str, *, restarts: bool = False, patience: float = PATIENCE) -> Child:
    return Child(
        name,
        (sys.executable, "-c", code),
        restarts=restarts,
        patience=timedelta(seconds=patience),
        grace=timedelta(seconds=0.3 if code == STUBBORN else 15),
    )


def alive(pid: int) -> bool:
    """Whether the process runs: one that has ended and awaits its parent's notice does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # gone in between, or a system without /proc
        return sys.platform != "linux"


def start_parent(directory: Path) -> tuple[subprocess.Popen[str], list[int]]:
    command = [sys.executable, "-c", PARENT, str(directory)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    return parent, [int(parent.stdout.readline()) for _ in range(2)]


async def test_a_child_is_ready_with_the_object_of_its_ready_line(tmp_path: Path) -> None:
    async with Supervisor(tmp_path, print) as children:
        ready = await children.start(child("one", f"print('noise'); {STAYS}"))
        assert ready == {"ready": True, "pid": children.pid("one")}
        assert "noise" in children.log("one").read_text()
    assert not alive(ready["pid"])


async def test_a_child_has_the_environment_it_is_given_and_what_it_inherits(tmp_path: Path) -> None:
    code = "import os, json; print(json.dumps({'ready': [os.environ[k] for k in ('PATH', 'OWN')]}))"
    given = Child("one", (sys.executable, "-c", code), environment={"OWN": "value"})
    async with Supervisor(tmp_path, print) as children:
        assert (await children.start(given))["ready"] == [os.environ["PATH"], "value"]


@pytest.mark.parametrize(
    ("code", "patience", "reason"),
    [
        ("raise SystemExit('no such table')", PATIENCE, r"exit status 1(.|\n)*no such table"),
        ("import time; time.sleep(600)", 0.1, "was not ready after"),
    ],
)
async def test_a_child_that_does_not_become_ready_is_told_with_the_end_of_its_log(
    tmp_path: Path, code: str, patience: float, reason: str
) -> None:
    async with Supervisor(tmp_path, print) as children:
        with pytest.raises(ChildFailed, match=reason):
            await children.start(child("broken", code, patience=patience))


async def test_a_worker_that_dies_by_itself_is_started_again_and_it_is_said(tmp_path: Path) -> None:
    said: asyncio.Queue[str] = asyncio.Queue()
    async with Supervisor(tmp_path, said.put_nowait) as children:
        await children.start(child("worker", STAYS, restarts=True))
        before = children.pid("worker")
        os.kill(before, signal.SIGKILL)
        sentence = await asyncio.wait_for(said.get(), PATIENCE)
        assert sentence.startswith("worker ended by itself (SIGKILL); starting it again")

        async def is_ready_again() -> bool:
            return children.log("worker").read_text().count("ready") == 2

        await until(is_ready_again)
        after = children.pid("worker")
    assert after != before
    assert not alive(after)


async def test_the_death_of_a_child_that_may_not_be_restarted_ends_the_run(tmp_path: Path) -> None:
    async with Supervisor(tmp_path, print) as children:
        await children.start(child("sandbox", f"{READY} raise SystemExit(3)"))
        with pytest.raises(ChildFailed, match=r"sandbox ended \(exit status 3\)"):
            await asyncio.wait_for(children.run(), PATIENCE)


async def test_the_first_failure_is_raised_bare_and_the_other_watches_end() -> None:
    ended: list[str] = []

    async def watch(name: str, error: Exception | None) -> NoReturn:
        try:
            if error is not None:
                raise error
            await asyncio.get_running_loop().create_future()
            raise AssertionError("nobody answers")
        finally:
            ended.append(name)

    with pytest.raises(LookupError, match="first"):
        await first_failure(watch("waits", None), watch("fails", LookupError("first")))
    assert sorted(ended) == ["fails", "waits"]


async def test_a_child_that_ignores_sigterm_is_killed_after_its_grace(tmp_path: Path) -> None:
    async with Supervisor(tmp_path, print) as children:
        ready = await children.start(child("stubborn", STUBBORN))
    assert not alive(ready["pid"])


async def test_what_a_child_started_goes_with_it(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time; "
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
        "print('{\"ready\": %d}' % p.pid, flush=True); time.sleep(600)"
    )
    async with Supervisor(tmp_path, print) as children:
        grandchild = (await children.start(child("one", code)))["ready"]
        assert alive(grandchild)
    until_blocking(lambda: not alive(grandchild))


async def test_children_stop_in_reverse_order(tmp_path: Path) -> None:
    order = tmp_path / "order"
    async with Supervisor(tmp_path, print) as children:
        for name in ("a", "b", "c"):
            note = f"open({str(order)!r}, 'a').write({name!r})"
            handler = f"signal.signal(signal.SIGTERM, lambda *_: ({note}, os._exit(0)))"
            await children.start(child(name, f"import os, signal; {handler}; {STAYS}"))
    assert order.read_text() == "cba"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_parent_leaves_no_process(tmp_path: Path, number: signal.Signals) -> None:
    parent, pids = start_parent(tmp_path)
    parent.send_signal(number)
    said, _ = parent.communicate(timeout=60)
    assert (parent.returncode, said) == (0, "None\n")
    assert not any(alive(pid) for pid in pids)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_the_children_of_a_killed_parent_die(tmp_path: Path) -> None:
    parent, pids = start_parent(tmp_path)
    assert all(alive(pid) for pid in pids)
    parent.kill()
    parent.communicate(timeout=60)
    until_blocking(lambda: not any(alive(pid) for pid in pids))


def test_a_free_port_is_the_preferred_one_or_another_with_a_word() -> None:
    said: list[str] = []
    port = port_for_later()
    with socket.create_server(("127.0.0.1", port)):
        other = free_port(port, said.append)
        assert other != port
        assert said == [f"port {port} is taken: using {other} instead"]
    assert free_port(port) == port


async def test_a_failure_reaches_also_those_who_watch_after_another_has_stopped(
    tmp_path: Path,
) -> None:
    async with Supervisor(tmp_path, print) as children:
        await children.start(child("one", STAYS))
        first = asyncio.create_task(children.run())
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        os.kill(children.pid("one"), signal.SIGKILL)
        with pytest.raises(ChildFailed, match="one ended"):
            await children.run()
