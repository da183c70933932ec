"""Names in a script that nothing answers to: what may have been meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches

from pydantic import JsonValue

from activities.ledger.wave_figures import FACTS
from starters.webhooks.event_kinds import OPT_OUTS, OUR_OWN_KINDS
from workflows.engine.automation import Automation
from workflows.engine.events import SIGNALS
from workflows.engine.exits import CERTAIN_STOPS, OPTIONAL_STOPS
from workflows.engine.sessions import SESSION_EVENTS

_KNOWN = frozenset(
    (
        *(*SIGNALS, *OPTIONAL_STOPS, *CERTAIN_STOPS, *SESSION_EVENTS, *FACTS),
        *(*OUR_OWN_KINDS, *OPT_OUTS, "out_of_office", "sms_undelivered"),
    )
)
_ALIKE = 0.8


def likely_typo(kind: str, automations: Iterable[Automation]) -> str:
    """What to say of a kind of event that is nearly a known one; empty if nothing.

    A kind that is like none is a company's own, which nobody here need know.
    """
    named = {text for one in automations for text in _texts(one.model_dump(mode="json"))}
    if kind in _KNOWN or kind in named:
        return ""
    close = get_close_matches(kind, sorted(_KNOWN | named), 1, _ALIKE)
    return f"nothing acts on an event {kind!r}: did you mean {close[0]!r}?" if close else ""


def unknown_step(step: str, which: str, there: Collection[str]) -> str:
    """What to say of a step that is not there."""
    close = get_close_matches(step, sorted(there), 1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(sorted(there))}"
    return f"there is no step {step!r} {which}: {hint if there else 'leave it out'}"


def _texts(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
