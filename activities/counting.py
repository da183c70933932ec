"""Counting the gate's answers, beside the SDK's own metrics of the worker that carries this out."""

from __future__ import annotations

from temporalio import activity

from workflows.engine.effects import Outcome

ANSWERS = "dripstone_gate_answers"


def count_answer(verdict: Outcome | None) -> None:
    """Count a verdict of the gate by what it is and by the exit that it means.

    A rehearsal without a server judges outside of any activity: it is not counted.
    """
    if not activity.in_activity():
        return
    labels = {"answer": _word(verdict), "exit": _exit(verdict)}
    told = "What the gate answered: go, until, held, refused, skipped"
    activity.metric_meter().create_counter(ANSWERS, told).add(1, labels)


def _word(verdict: Outcome | None) -> str:
    if verdict is None:
        return "go"
    return "until" if verdict.state == "held" and verdict.until else verdict.state


def _exit(verdict: Outcome | None) -> str:
    return verdict.exit.value if verdict and verdict.exit else ""
