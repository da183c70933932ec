"""Automations as pictures: everything once, nothing over anything, no text that breaks out."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from starters.definitions.loading import load
from starters.drawing.chart import DONE, START, Chart, chart_of
from starters.drawing.mermaid import mermaid_of
from starters.drawing.placing import Spot, plan_of
from starters.drawing.svg import svg_of
from tests.starters.commands import ROOT, Commands
from workflows.engine.automation import Automation

SAMPLE = ROOT / "config" / "automations" / "spring-outreach.yaml"
PICTURE = ROOT / "docs" / "spring-outreach.svg"
NASTY = '<script>alert("1")</script>\x00 & \'quotes\' ]]> "] end'
SVG = "{http://www.w3.org/2000/svg}"


def automation(*steps: dict[str, Any], **more: Any) -> Automation:
    whole = {"id": "a", "name": "A", "trigger": {"kind": "manual"}, "steps": steps}
    return Automation.model_validate(whole | more)


def mail(step: str, **more: Any) -> dict[str, Any]:
    return {"id": step, "kind": "send_email", "template": "intro"} | more


def round_of(number: int) -> tuple[dict[str, Any], ...]:
    """Five steps with three ways on, one of them back."""
    size = {"field": "employees", "op": "at_least", "value": 100 * number}
    both = {"all": [size, {"event": "prices_viewed"}]}
    ahead = {"when": {"field": "country", "op": "in", "value": ["DE", "FR"]}}
    arms = [
        {"when": both, "go_to": f"tell-{number}"},
        ahead | {"go_to": f"mail-{min(number + 2, 5)}"},
    ]
    return (
        mail(f"mail-{number}", name=f"Mail number {number} of a long campaign"),
        {"id": f"wait-{number}", "kind": "wait", "for": "3 days"},
        {
            "id": f"look-{number}",
            "kind": "branch",
            "arms": arms,
            "otherwise": f"chance-{number}",
        },
        {"id": f"tell-{number}", "kind": "notify", "channel": "sales", "text": "hello"},
        {
            "id": f"chance-{number}",
            "kind": "wait_for",
            "events": ["clicked"],
            "timeout": "5 days",
            "on_timeout": f"mail-{max(number - 1, 0)}",
        },
    )


THIRTY = automation(*(step for number in range(6) for step in round_of(number)))
LOOPED = automation(
    mail("a"), {"id": "w", "kind": "wait", "for": "1 day", "next": "w"}, mail("never")
)
SHAPES = {
    "one step": automation(mail("a")),
    "thirty steps": THIRTY,
    "a step that follows itself": LOOPED,
    "the same target twice": automation(
        {
            "id": "b",
            "kind": "branch",
            "arms": [
                {"when": {"event": "x"}, "go_to": "z"},
                {"when": {"event": "y"}, "go_to": "z"},
            ],
        },
        mail("z"),
    ),
    "dealt out, round and round": automation(
        {"id": "s", "kind": "ab_split", "arms": [{"go_to": "m"}, {"go_to": "n", "weight": 3}]},
        mail("m"),
        {"id": "n", "kind": "wait", "for": "1 day"},
        {"id": "j", "kind": "jump", "go_to": "m", "at_most": 3},
    ),
    "two hundred in a row": automation(*(mail(f"m{number}") for number in range(200))),
}


def sample() -> Chart:
    read, _ = load(SAMPLE, None, None)
    assert read
    return chart_of(read)


@pytest.fixture(params=SHAPES.values(), ids=list(SHAPES))
def chart(request: pytest.FixtureRequest) -> Chart:
    return chart_of(request.param)


def parts(svg: str, name: str, look: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(svg)
    return [one for one in root.iter(f"{SVG}{name}") if look in one.get("class", "").split()]


def test_each_step_is_drawn_once_and_each_arrow_is_there(chart: Chart) -> None:
    svg = svg_of(chart)
    assert len(parts(svg, "g", "box")) == len(chart.boxes) + 1  # and the exits at the side
    assert len(parts(svg, "path", "arrow")) == len(chart.arrows)
    mermaid = mermaid_of(chart).splitlines()
    assert sum(" -->" in line for line in mermaid) == len(chart.arrows)
    boxes = [line for line in mermaid if line.startswith("  s") and "-->" not in line]
    assert len(boxes) == len(chart.boxes)


def test_every_step_has_its_ways_on_and_a_way_here() -> None:
    chart = chart_of(THIRTY)
    assert {arrow.source for arrow in chart.arrows} == {START, *(s.id for s in THIRTY.steps)}
    assert {arrow.target for arrow in chart.arrows} == {DONE, *(s.id for s in THIRTY.steps)}
    targets = {(step.id, target) for step in THIRTY.steps for _, target in step.targets()}
    assert targets <= {(arrow.source, arrow.target) for arrow in chart.arrows}


def overlap(one: Spot, other: Spot) -> bool:
    beside = abs(one.x - other.x) >= (one.breadth + other.breadth) / 2
    apart = abs(one.y - other.y) >= (one.height + other.height) / 2
    return not beside and not apart


def test_nothing_stands_over_anything(chart: Chart) -> None:
    spots = plan_of(chart).spots
    for left, right in combinations(spots, 2):
        assert not overlap(spots[left], spots[right]), (left, right)


def test_an_arrow_back_to_an_earlier_step_is_told_apart() -> None:
    arrows = parts(svg_of(chart_of(THIRTY)), "path", "arrow")
    back = [one for one in arrows if one.get("marker-start")]
    assert len(back) == 7
    assert all(one.get("stroke-dasharray") for one in back)


def test_no_text_breaks_out_of_its_place() -> None:
    step = mail("a", name=NASTY)
    branch = {"field": NASTY, "op": "equals", "value": NASTY}
    steps = (step, {"id": "b", "kind": "branch", "arms": [{"when": branch, "go_to": "a"}]})
    nasty = chart_of(automation(*steps, name=NASTY, audience=branch))
    svg, mermaid = svg_of(nasty), mermaid_of(nasty)
    root = ElementTree.fromstring(svg)
    assert not list(root.iter(f"{SVG}script"))
    assert "\x00" not in svg
    drawn = "".join(text.text or "" for text in root.iter(f"{SVG}text"))
    assert "<script>alert" in drawn
    assert "<script" not in mermaid
    assert all(line.count('"') in (0, 2) for line in mermaid.splitlines())


def test_a_small_automation_as_mermaid() -> None:
    small = automation(
        mail("hello", name="Say hello"),
        {
            "id": "ask",
            "kind": "wait_for",
            "events": ["clicked"],
            "timeout": "1 day",
            "when": {"field": "rating", "op": "equals", "value": "Hot"},
            "on_timeout": "gone",
        },
        {"id": "stage", "kind": "update_stage", "stage": "Warm"},
        {"id": "gone", "kind": "end"},
        audience={"not": {"any": [{"field": "stage", "op": "is_empty"}, {"event": "x"}]}},
    )
    picture = mermaid_of(chart_of(small)).split("  classDef")[0]
    assert picture == (
        "flowchart TD\n"
        '  s0(["Leads enter<br/>enrolled by somebody<br/>'
        'audience: not (stage is empty or x came)"])\n'
        '  s1["Say hello<br/>send email: intro"]\n'
        '  s2("ask<br/>wait for clicked or rating is Hot")\n'
        '  s3["stage<br/>update stage: Warm"]\n'
        '  s4(["gone<br/>end"])\n'
        "  s0 --> s1\n"
        "  s1 --> s2\n"
        '  s2 -->|"clicked came or rating is Hot"| s3\n'
        '  s2 -->|"not within 1 day"| s4\n'
        "  s3 --> s4\n"
        '  exits["Ends it at once, at any step<br/>bounce<br/>unsubscribe<br/>'
        'removed, or turned off"]\n'
    )


def test_the_picture_of_the_sample_is_fresh() -> None:
    remedy = f"dripstone draw {SAMPLE.name} --format svg --out docs/{PICTURE.name}"
    assert PICTURE.read_text(encoding="utf-8") == svg_of(sample()), remedy


def test_exits_tell_what_ends_the_sample_at_once() -> None:
    exits = sample().exits
    assert {"reply", "a meeting is booked", "stage is Customer", "inside for 30 days"} <= set(exits)


def test_a_file_or_what_is_published_is_drawn(cut_off: Commands, tmp_path: Path) -> None:
    drawn = cut_off("draw", str(SAMPLE))
    assert (drawn.status, drawn.out.startswith("flowchart TD")) == (0, True)
    cut_off.enabled("a")
    out = tmp_path / "a.svg"
    assert cut_off("draw", "a", "--format", "svg", "--out", str(out)).status == 0
    assert out.read_text(encoding="utf-8").startswith("<svg")
    assert cut_off("draw", "a", "--json").document["picture"].startswith("flowchart TD")
    assert cut_off("draw", "a", "--format", "png").status == 2
    none = cut_off("draw", str(tmp_path / "none.yaml"))
    assert (none.status, "cannot be read" in none.err) == (1, True)
    broken = cut_off("draw", cut_off.file("broken.yaml", "id: ["))
    assert (broken.status, "is no automation yet" in broken.err) == (1, True)


def test_a_handover_that_leads_elsewhere_in_every_case_has_no_other_way() -> None:
    ways = {"on_answer": "z", "on_timeout": "z"}
    hand = {"id": "h", "kind": "outreach_handover", "campaign": 3, "timeout": "1 day", **ways}
    arrows = chart_of(automation(hand, mail("a"), mail("z"))).arrows
    assert [(one.target, one.label) for one in arrows if one.source == "h"] == [
        ("z", "on answer"),
        ("z", "on timeout"),
    ]
