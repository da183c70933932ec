"""A check of an automation file: a small function, its name, and what an author may know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from starters.definitions.draft import Draft, Found, Severity


@dataclass(frozen=True, slots=True)
class About:
    """What a check is called, how grave its findings are, what it finds and how to mend that."""

    name: str
    severity: Severity
    finds: str
    mend: str


@dataclass(frozen=True, slots=True)
class Check:
    """One check. Called, it yields what it finds, and where."""

    about: About
    run: Callable[[Draft], Iterator[Found]]

    def __call__(self, draft: Draft) -> Iterator[Found]:
        """Look at a draft."""
        return self.run(draft)


def check(severity: Severity, mend: str) -> Callable[[Callable[[Draft], Iterator[Found]]], Check]:
    """Make a check of a function; its docstring says what it finds."""

    def made(run: Callable[[Draft], Iterator[Found]]) -> Check:
        finds = " ".join((run.__doc__ or "").split())
        return Check(About(run.__name__.replace("_", "-"), severity, finds, mend), run)

    return made
