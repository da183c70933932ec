"""Which layer each box of a picture stands in, and in which order: top to bottom, few crossings.

Boxes have the even layers, and labels of arrows the odd ones between them. An arrow that passes
a layer has a place of its own in it, so nothing is drawn over anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from starters.drawing.chart import Arrow, Chart

SWEEPS = 12

Neighbours = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Route:
    """The places that an arrow passes, from the upper box to the lower.

    ``upward``: the arrow points to the upper one. ``label_at`` is the place that has its label.
    """

    arrow: Arrow
    places: tuple[str, ...]
    upward: bool
    label_at: str | None


@dataclass(slots=True)
class Layers:
    """Places by layer, from left to right, and the routes through them."""

    rows: list[list[str]] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    above: Neighbours = field(default_factory=dict)
    below: Neighbours = field(default_factory=dict)


def layers_of(chart: Chart) -> Layers:
    """Put the boxes of a chart into layers."""
    boxes = [box.id for box in chart.boxes]
    arrows = [arrow for arrow in chart.arrows if arrow.source != arrow.target]
    upward = _upward(boxes, arrows)
    turned = [(a.target, a.source) if a in upward else (a.source, a.target) for a in arrows]
    ranks = _ranks(boxes, turned)
    layers = Layers(rows=[[] for _ in range(2 * max(ranks.values()) + 1)])
    for box in boxes:
        layers.rows[2 * ranks[box]].append(box)
    for number, (arrow, (top, bottom)) in enumerate(zip(arrows, turned, strict=True)):
        passed = [f":{number}/{row}" for row in range(2 * ranks[top] + 1, 2 * ranks[bottom])]
        for row, place in enumerate(passed, start=2 * ranks[top] + 1):
            layers.rows[row].append(place)
        is_upward = arrow in upward
        label_at = (passed[-1] if is_upward else passed[0]) if arrow.label else None
        layers.routes.append(Route(arrow, (top, *passed, bottom), is_upward, label_at))
    _join(layers)
    _untangle(layers)
    return layers


def _upward(boxes: Sequence[str], arrows: Sequence[Arrow]) -> set[Arrow]:
    """Arrows that close a loop, seen from the first box on."""
    ways: dict[str, list[Arrow]] = {box: [] for box in boxes}
    for arrow in arrows:
        ways[arrow.source].append(arrow)
    found: set[Arrow] = set()
    done: set[str] = set()
    for root in boxes:
        path, waiting = [root], [iter(ways[root])]
        while waiting and root not in done:
            following = next(waiting[-1], None)
            if following is None:
                done.add(path.pop())
                waiting.pop()
            elif following.target in path:
                found.add(following)
            elif following.target not in done:
                path.append(following.target)
                waiting.append(iter(ways[following.target]))
    return found


def _ranks(boxes: Sequence[str], ways: Iterable[tuple[str, str]]) -> dict[str, int]:
    """The longest way to each box from above; the ways have no loops."""
    ways = list(ways)
    ranks = dict.fromkeys(boxes, 0)
    for _ in boxes:
        for top, bottom in ways:
            ranks[bottom] = max(ranks[bottom], ranks[top] + 1)
    return ranks


def _join(layers: Layers) -> None:
    for row in layers.rows:
        for place in row:
            layers.above[place], layers.below[place] = [], []
    for route in layers.routes:
        for upper, lower in pairwise(route.places):
            layers.below[upper].append(lower)
            layers.above[lower].append(upper)


def _untangle(layers: Layers) -> None:
    """Order each layer by where its neighbours stand; keep the order with the fewest crossings."""
    best, fewest = [list(row) for row in layers.rows], _crossings(layers)
    for sweep in range(SWEEPS):
        downward = sweep % 2 == 0
        neighbours = layers.above if downward else layers.below
        rows = layers.rows if downward else layers.rows[::-1]
        for fixed, row in pairwise(rows):
            _order_by_neighbours(row, fixed, neighbours)
        crossings = _crossings(layers)
        if crossings < fewest:
            best, fewest = [list(row) for row in layers.rows], crossings
    layers.rows[:] = best


def _order_by_neighbours(row: list[str], fixed: Sequence[str], neighbours: Neighbours) -> None:
    at = {place: number for number, place in enumerate(fixed)}
    present = {place: number for number, place in enumerate(row)}

    def wish(place: str) -> float:
        near = [at[one] for one in neighbours[place]]
        return sum(near) / len(near) if near else present[place]

    row.sort(key=wish)


def _crossings(layers: Layers) -> int:
    count = 0
    for upper, lower in pairwise(layers.rows):
        at = {place: number for number, place in enumerate(lower)}
        ends = [sorted(at[one] for one in layers.below[place]) for place in upper]
        flat = [end for some in ends for end in some]
        count += sum(a > b for i, a in enumerate(flat) for b in flat[i + 1 :])
    return count
