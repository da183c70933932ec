"""Deleting a step: what goes, what is aimed anew, and what the text looks like afterwards."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from starters.definitions.deleting import (
    CannotDelete,
    Deletion,
    WhichBranch,
    connect_to_next,
    outcome,
    remove_all,
)
from starters.definitions.rewriting import rewritten
from workflows.engine.automation import Automation

HEAD = """\
# who wrote this
id: spring
name: Spring   # for people
trigger: {kind: manual}

# The steps.
steps:
"""
BRANCHING = (
    HEAD
    + """\
  # first a mail
  - id: first
    kind: wait
    for: 1 day          # in earnest

  # which way?
  - id: size
    kind: branch
    arms:
      - when: {field: employees, op: at_least, value: 9}
        go_to: big      # the large
    otherwise: small

  - id: big
    kind: notify
    channel: sales
    text: >-
      A large one,
      at last

    # nobody knows why
    next: last
  - id: small
    kind: wait
    for: 2 days
  - {id: more, kind: jump, go_to: small, at_most: 2}

  # the end
  - id: last
    kind: wait
    for: 3 days

# That was all.
"""
)


def of(text: str) -> Automation:
    return Automation.model_validate(yaml.safe_load(text))


def short(deletion: Deletion) -> tuple[Any, ...]:
    """Removed, re-aimed, and the end that was put in."""
    aims = [f"{aim.step}.{aim.field}={aim.now}" for aim in deletion.aims]
    return list(deletion.removed), aims, deletion.end


@pytest.mark.parametrize(
    ("step", "keep", "expected"),
    [
        ("first", None, (["first"], [], None)),
        ("size", "big", (["size", "small", "more"], [], None)),
        ("size", "small", (["size", "big"], [], None)),
        ("big", None, (["big"], ["size.arms.1.go_to=last"], None)),
        ("small", None, (["small"], ["size.otherwise=more", "more.go_to=more"], None)),
        ("more", "last", (["more"], [], None)),
        ("last", None, (["last"], ["big.next=end"], "end")),
    ],
)
def test_connecting_to_the_next_keeps_the_sequence_intact(
    step: str, keep: str | None, expected: tuple[Any, ...]
) -> None:
    assert short(connect_to_next(of(BRANCHING), step, keep)) == expected


@pytest.mark.parametrize(
    ("step", "expected", "stays"),
    [
        ("size", (["size", "big", "small", "more", "last"], [], None), ()),
        ("big", (["big"], ["size.arms.1.go_to=end"], "end"), ("last",)),
        ("small", (["small", "more"], ["size.otherwise=end"], "end"), ("last",)),
        ("more", (["more"], [], "end"), ("small", "last")),
        ("last", (["last"], ["big.next=end"], "end"), ()),
    ],
)
def test_removing_all_takes_what_only_the_step_leads_to(
    step: str, expected: tuple[Any, ...], stays: tuple[str, ...]
) -> None:
    deletion = remove_all(of(BRANCHING), step)
    assert (short(deletion), deletion.stays) == (expected, stays)


def test_a_branch_is_not_deleted_before_somebody_says_which_way_survives() -> None:
    with pytest.raises(WhichBranch, match="--keep big or --keep small") as asked:
        connect_to_next(of(BRANCHING), "size", None)
    assert asked.value.ways == ("big", "small")
    with pytest.raises(CannotDelete, match="is no way on from step 'size'; the ways: big, small"):
        connect_to_next(of(BRANCHING), "size", "last")


@pytest.mark.parametrize(
    ("steps", "step", "everything", "said"),
    [
        ("[{id: a, kind: end}]", "b", False, "there is no step 'b'; the steps are: a"),
        ("[{id: a, kind: end}]", "a", False, "no step would be left"),
        ("[{id: a, kind: wait, for: 1 day}, {id: b, kind: end}]", "a", True, "is the first one"),
        (
            "[{id: a, kind: wait, for: 1 day}, {id: b, kind: end}, {id: c, kind: end}]",
            "b",
            False,
            "is the end of a way that leads to it",
        ),
        (
            "[{id: a, kind: wait, for: 1 day, next: c}, {id: b, kind: end},"
            " {id: c, kind: wait, for: 1 day, next: b}]",
            "a",
            False,
            "is the first one, and 'c' follows it but is not next",
        ),
    ],
)
def test_what_cannot_be_deleted_is_refused_with_the_reason(
    steps: str, step: str, everything: bool, said: str
) -> None:
    automation = of(HEAD + f"  {steps}\n")
    with pytest.raises(CannotDelete, match=said):
        remove_all(automation, step) if everything else connect_to_next(automation, step, None)


def test_the_text_keeps_its_comments_and_its_layout() -> None:
    deletion = connect_to_next(of(BRANCHING), "big", None)
    block = BRANCHING[BRANCHING.index("  - id: big") : BRANCHING.index("  - id: small")]
    expected = BRANCHING.replace(block, "").replace("go_to: big ", "go_to: last ")
    assert rewritten(BRANCHING, deletion) == expected


def test_an_end_takes_the_place_of_a_last_step_that_others_name() -> None:
    text = rewritten(BRANCHING, connect_to_next(of(BRANCHING), "last", None))
    assert "    next: end\n" in text
    assert text.endswith("at_most: 2}\n\n  - {id: end, kind: end}\n\n# That was all.\n")


@pytest.mark.parametrize(
    ("above", "expected"),
    [
        ("{id: a, kind: wait, for: 1 day}", "{id: a, kind: wait, for: 1 day, next: d}"),
        (
            "id: a\n  kind: wait # x\n  for: 1 day",
            "id: a\n  kind: wait # x\n  next: d\n  for: 1 day",
        ),
    ],
)
def test_the_step_above_is_told_where_to_go_on(above: str, expected: str) -> None:
    rest = "- {id: c, kind: wait, for: 1 day}\n- {id: d, kind: jump, go_to: c, at_most: 2}\n"
    gone = "- id: b\n  kind: wait\n  for: 2 days\n  next: d\n"
    text = f"{HEAD}- {above}\n{gone}{rest}"
    deletion = connect_to_next(of(text), "b", None)
    assert rewritten(text, deletion) == f"{HEAD}- {expected}\n{rest}"


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[dict[str, Any]], str]:
    """Steps that wait, branch, jump and end, and one of them."""
    ids = [f"s{number}" for number in range(draw(st.integers(2, 7)))]
    target = st.sampled_from(ids)
    steps = []
    for one in ids:
        kind = draw(st.sampled_from(["wait", "wait", "wait_for", "branch", "jump", "end"]))
        step: dict[str, Any] = {"id": one, "kind": kind}
        if kind == "wait":
            step |= {"for": "1 day"} | draw(st.sampled_from([{}, {"next": draw(target)}]))
        if kind == "wait_for":
            step |= {"events": ["seen"], "timeout": "1 day", "on_event": draw(target)}
        if kind == "branch":
            arm = {"when": {"event": "seen"}, "go_to": draw(target)}
            step |= {"arms": [arm]} | draw(st.sampled_from([{}, {"otherwise": draw(target)}]))
        if kind == "jump":
            step |= {"go_to": draw(target), "at_most": 2}
        steps.append(step)
    return steps, draw(target)


@given(graphs(), st.booleans(), st.sampled_from([None, True]))
def test_whatever_the_graph_the_text_becomes_what_was_planned(
    graph: tuple[list[dict[str, Any]], str], everything: bool, flow: bool | None
) -> None:
    steps, step = graph
    head = {"id": "x", "name": "x", "trigger": {"kind": "manual"}}
    text = yaml.safe_dump(head | {"steps": steps}, default_flow_style=flow, sort_keys=False)
    automation = of(text)
    deletions = []
    try:
        deletions = [remove_all(automation, step)] if everything else []
        deletions += [] if everything else [connect_to_next(automation, step, None)]
    except WhichBranch as asked:
        for way in asked.ways:
            try:
                deletions.append(connect_to_next(automation, step, way))
            except CannotDelete:
                continue
    except CannotDelete:
        return
    for deletion in deletions:
        planned = Automation.model_validate(outcome(automation, deletion))
        assert of(rewritten(text, deletion)) == planned
