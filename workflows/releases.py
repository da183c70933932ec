"""Which release may go on with which enrollment, while two are at work side by side."""

from __future__ import annotations

from workflows.contracts import Start
from workflows.engine.semantics import SEMANTICS
from workflows.engine.state import State


class OfNewerRelease(RuntimeError):
    """Fails the workflow task, so that a worker of the newer release gets it: nothing is lost."""


def must_know(semantics: int) -> None:
    """Raises OfNewerRelease if what the engine does under that number is not known here."""
    if semantics > SEMANTICS:
        raise OfNewerRelease(
            f"begun by a newer release, with semantics {semantics}; this worker knows those up to "
            f"{SEMANTICS}: replace the workers of the older release, and it goes on by itself"
        )


def onward(start: Start, state: State) -> Start:
    """The input of the run that continues one: from here on by the behaviour of this release."""
    newest = {"semantics": SEMANTICS}
    return start.model_copy(update=newest | {"state": state.model_copy(update=newest)})
