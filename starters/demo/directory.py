"""The demo's own directory: empty at the start, gone at the end, and never somebody else's."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

MARK = "made-by-dripstone-demo"


class DirectoryTaken(RuntimeError):
    """The directory cannot be used; the message says why and what to do."""


@contextmanager
def own_directory(directory: Path) -> Iterator[Path]:
    """Make ``directory`` afresh and remove it at the end, whatever happens in between.

    What an earlier run left there is removed first, if it is marked as a run's.

    Raises:
        DirectoryTaken: another run uses it, or it holds what no run made.
    """
    directory = directory.resolve()
    made = [parent for parent in directory.parents if not parent.exists()]
    directory.parent.mkdir(parents=True, exist_ok=True)
    lock = directory.with_name(f".{directory.name}.lock")
    try:
        with _locked(lock, directory):
            _clear(directory)
            directory.mkdir()
            try:
                (directory / MARK).touch()
                yield directory
            finally:
                shutil.rmtree(directory, ignore_errors=True)
                lock.unlink(missing_ok=True)
    finally:
        for parent in (directory.parent, *made):
            with suppress(OSError):  # others keep their things there
                if parent.name == ".dripstone" or parent in made:
                    parent.rmdir()


@contextmanager
def _locked(lock: Path, directory: Path) -> Iterator[None]:
    while True:
        with lock.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DirectoryTaken(
                    f"{directory} is in use by another run: stop that one, or name another "
                    "directory with --directory"
                ) from None
            if _is_current(file, lock):
                yield
                return


def _is_current(file: IO[str], lock: Path) -> bool:
    """Whether the file that was locked is still the one of that name: its owner may remove it."""
    with suppress(FileNotFoundError):
        return os.fstat(file.fileno()).st_ino == lock.stat().st_ino
    return False


def _clear(directory: Path) -> None:
    if not directory.exists():
        return
    if not (directory / MARK).exists() and any(directory.iterdir()):
        raise DirectoryTaken(
            f"{directory} holds files that no demo made, and a demo begins by removing all: "
            "name another directory with --directory"
        )
    shutil.rmtree(directory)
