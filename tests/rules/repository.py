"""The repository speaks of the product alone, and its lock holds on every machine."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

MACHINE_PATH = re.compile(r"(?<![\w.~$}-])/(?:home|root|Users|work|tmp)/[\w.-]+")
INDEX_ADDRESS = re.compile(
    r"pypi\.org|pythonhosted\.org|registry\.npmjs|"
    r"--(?:(?:extra-)?index-url|find-links|trusted-host)"
)
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)")

Requires = Callable[[str, str], Iterable[str]]


def _metadata(name: str, version: str) -> Iterable[str]:
    """What the package asks for; nothing if another version is installed, which may differ.

    ``make`` installs what is locked, so there everything is followed.
    """
    try:
        same = importlib.metadata.version(name) == version
    except importlib.metadata.PackageNotFoundError:
        return ()
    return (importlib.metadata.requires(name) or ()) if same else ()


def machine_traces(files: Iterator[tuple[str, str]]) -> Iterator[str]:
    """Places that name a path or a package index of one machine. Takes (path, text) pairs."""
    for path, text in files:
        for number, line in enumerate(text.splitlines(), start=1):
            if found := MACHINE_PATH.search(line):
                yield (
                    f"{path}:{number}: {found[0]} exists on one machine only: use a path below the "
                    "repository, or tmp_path in a test"
                )
            if found := INDEX_ADDRESS.search(line):
                yield (
                    f"{path}:{number}: {found[0]}: where packages come from is the machine's "
                    "affair: leave it to pip's own configuration"
                )


def loose_pins(lock: str) -> Iterator[str]:
    """Requirements of a lock that are not pinned by version and hash, or that name an address."""
    for entry in _entries(lock):
        first = entry.split()[0]
        if not PIN.match(entry):
            yield f"requirements.lock: {first} is not pinned to a version: run `make lock`"
        if "--hash=sha256:" not in entry:
            yield f"requirements.lock: {first} has no hash: run `make lock`"
        if "://" in entry or " @ " in entry or "file:" in entry:
            yield f"requirements.lock: {first} names an address: run `make lock`"


def unlocked(pyproject: str, lock: str, requires: Requires = _metadata) -> Iterator[str]:
    """What pyproject.toml asks for, and what that asks for in turn, that the lock does not pin.

    ``requires`` answers what a package of this name and version asks for, as its metadata write it.
    """
    pins = {
        canonicalize_name(pin["name"]): pin["version"]
        for entry in _entries(lock)
        if (pin := PIN.match(entry))
    }
    waiting = list(_declared(pyproject))
    seen: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        if str(requirement) in seen:
            continue
        seen.add(str(requirement))
        version = pins.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            yield (
                f"requirements.lock: has {version or 'no'} {requirement.name}, '{requirement}' is "
                "asked for: run `make lock` and commit the result"
            )
        children = requires(requirement.name, version) if version else ()
        waiting += _asked(children, requirement.extras)


def _asked(children: Iterable[str], extras: set[str]) -> Iterator[Requirement]:
    for child in map(Requirement, children):
        marker = child.marker
        if marker is None or any(marker.evaluate({"extra": e}) for e in ("", *extras)):
            yield child


def _declared(pyproject: str) -> Iterator[Requirement]:
    table = tomllib.loads(pyproject)
    project = table["project"]
    extras = project.get("optional-dependencies", {}).values()
    groups = (project["dependencies"], table["build-system"]["requires"], *extras)
    for requirement in (Requirement(line) for group in groups for line in group):
        if requirement.name != project["name"]:
            yield requirement


def _entries(lock: str) -> Iterator[str]:
    """One string a requirement, its continuation lines joined; comments left out."""
    joined = lock.replace("\\\n", " ")
    for line in joined.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            yield line.strip()
