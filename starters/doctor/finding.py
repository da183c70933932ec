"""One finding: what was looked at, how it is, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "problem", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """``unknown``: it could not be looked at, because something else is in the way.

    Neither ``what`` nor ``mend`` holds a secret or anything personal.
    """

    check: str
    state: State
    what: str
    mend: str = ""


def unless(check: str, wrong: object, what: tuple[str, str], mend: str = "") -> Finding:
    """A problem if ``wrong``, else fine; ``what`` is what to say of the one and of the other."""
    return Finding(check, "problem", what[0], mend) if wrong else Finding(check, "ok", what[1])
