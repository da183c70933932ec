"""Where everything of a picture stands: sizes from texts, then heights by layer, then breadths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from textwrap import wrap

from starters.drawing.chart import Arrow, Box, Chart
from starters.drawing.layers import Layers, Route, layers_of

TITLE, SMALL = 14.0, 12.0
"""Heights of letters, in pixels."""
BREADTH = 0.6
"""Breadth of a letter, in its height: generous, because fonts differ."""
LINE = 16.0
TITLE_WRAP, DETAIL_WRAP, LABEL_WRAP = 30, 36, 24
PADDING = 14.0
BETWEEN = 28.0
"""Pixels between two places of a layer."""
GAP = 18.0
"""Pixels above and below a layer of labels; without a label it has no height of its own."""
SMALLEST_BREADTH = 130.0
ROUNDS = 24


@dataclass(frozen=True, slots=True)
class Spot:
    """A rectangle by its middle, with the lines of text in it. All in pixels."""

    x: float
    y: float
    breadth: float
    height: float
    lines: tuple[str, ...] = ()
    title_lines: int = 0

    @property
    def top(self) -> float:
        """Its upper edge."""
        return self.y - self.height / 2

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a picture needs: spots of boxes and of places on arrows, and its size."""

    chart: Chart
    spots: Mapping[str, Spot]
    routes: Sequence[Route]
    loops: Sequence[Arrow]
    breadth: float
    height: float


def plan_of(chart: Chart) -> Plan:
    """Place a chart."""
    layers = layers_of(chart)
    sized = _sizes(chart, layers)
    heights, rows = _heights(layers, sized)
    middles = _middles(layers, {place: spot.breadth for place, spot in sized.items()})
    left = min(middles[place] - spot.breadth / 2 for place, spot in sized.items())
    spots = {
        place: Spot(
            middles[place] - left,
            heights[place],
            *(spot.breadth, spot.height or rows[place], spot.lines, spot.title_lines),
        )
        for place, spot in sized.items()
    }
    return Plan(
        chart,
        spots,
        layers.routes,
        [arrow for arrow in chart.arrows if arrow.source == arrow.target],
        max(spot.x + spot.breadth / 2 for spot in spots.values()),
        max(spot.bottom for spot in spots.values()),
    )


def text_breadth(line: str, height: float) -> float:
    """How broad a line of text will be at most, about."""
    return sum(1.0 if ord(letter) > 0x2E80 else BREADTH for letter in line) * height


def _sizes(chart: Chart, layers: Layers) -> dict[str, Spot]:
    sizes = {place: Spot(0, 0, 0, 0) for row in layers.rows for place in row}
    sizes |= {box.id: _size_of(box) for box in chart.boxes}
    for route in layers.routes:
        if route.label_at:
            lines = tuple(wrap(route.arrow.label, LABEL_WRAP)) or ("",)
            breadth = max(text_breadth(line, SMALL) for line in lines) + 8
            sizes[route.label_at] = Spot(0, 0, breadth, len(lines) * LINE, lines)
    return sizes


def _size_of(box: Box) -> Spot:
    title = wrap(box.title, TITLE_WRAP) or [box.id]
    details = [line for detail in box.details for line in wrap(detail, DETAIL_WRAP)]
    broad = [text_breadth(line, TITLE) for line in title]
    broad += [text_breadth(line, SMALL) for line in details]
    lines = (*title, *details)
    breadth = max(SMALLEST_BREADTH, max(broad) + 2 * PADDING)
    return Spot(0, 0, breadth, len(lines) * LINE + PADDING, lines, len(title))


def _heights(
    layers: Layers, sizes: Mapping[str, Spot]
) -> tuple[dict[str, float], dict[str, float]]:
    """The middle of each place, and the height of its layer: arrows pass a layer straight."""
    middles: dict[str, float] = {}
    rows: dict[str, float] = {}
    edge = 0.0
    for row in layers.rows:
        tallest = max((sizes[place].height for place in row), default=0.0)
        middles |= dict.fromkeys(row, edge + tallest / 2)
        rows |= dict.fromkeys(row, tallest)
        edge += tallest + GAP
    return middles, rows


def _middles(layers: Layers, breadths: Mapping[str, float]) -> dict[str, float]:
    """Draw each place towards its neighbours, layer by layer, down and up again."""
    middles: dict[str, float] = {}
    for row in layers.rows:
        _line_up(row, dict.fromkeys(row, 0.0), breadths, middles)
    for number in range(ROUNDS):
        downward = number % 2 == 0
        for row in layers.rows if downward else layers.rows[::-1]:
            wishes = {}
            for place in row:
                near = (layers.above if downward else layers.below)[place]
                near = near or [place]
                wishes[place] = sum(middles[one] for one in near) / len(near)
            _line_up(row, wishes, breadths, middles)
    return middles


def _line_up(
    row: Sequence[str],
    wishes: Mapping[str, float],
    breadths: Mapping[str, float],
    middles: dict[str, float],
) -> None:
    """Give a layer the places nearest to its wishes that keep the order and the distances.

    Neighbours that would overlap become one block, which stands at the mean of its wishes.
    """
    offsets = [0.0]
    for left, right in pairwise(row):
        offsets.append(offsets[-1] + (breadths[left] + breadths[right]) / 2 + BETWEEN)
    blocks: list[list[float]] = []
    for place, offset in zip(row, offsets, strict=True):
        blocks.append([wishes[place] - offset])
        while len(blocks) > 1 and _mean(blocks[-2]) > _mean(blocks[-1]):
            last = blocks.pop()
            blocks[-1] += last
    settled = [_mean(block) for block in blocks for _ in block]
    for place, offset, start in zip(row, offsets, settled, strict=False):
        middles[place] = start + offset


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
