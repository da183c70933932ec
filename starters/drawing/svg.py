"""A picture as SVG: one file, no script, no font, nothing that is fetched from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from xml.sax.saxutils import escape

from starters.drawing.chart import Arrow, Box, Chart
from starters.drawing.layers import Route
from starters.drawing.placing import (
    BETWEEN,
    LINE,
    SMALL,
    TITLE,
    Plan,
    Spot,
    plan_of,
    text_breadth,
)

MARGIN = 24.0
HEAD = 44.0
LOOP = 26.0
"""How far an arrow from a box to itself goes out."""

_COLOURS = {
    "start": ("#eef2f7", "#5b6b80"),
    "mail": ("#e3efff", "#2f6fc4"),
    "wait": ("#fff6df", "#b98a1d"),
    "choice": ("#f3e9fb", "#8250b3"),
    "act": ("#e5f5ec", "#2e8658"),
    "end": ("#f1f1f1", "#6b6b6b"),
    "exits": ("#fdeceb", "#b8483f"),
}
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def svg_of(chart: Chart) -> str:
    """The picture. Every text in it is escaped."""
    plan = plan_of(chart)
    panel = _panel(plan)
    breadth = panel.x + panel.breadth / 2 + MARGIN
    height = max(plan.height + HEAD, panel.bottom) + MARGIN
    size = f'width="{breadth:.0f}" height="{height:.0f}" viewBox="0 0 {breadth:.0f} {height:.0f}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{_safe(chart.title)}</title>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
        'markerHeight="8" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="#5b6b80"/>'
        "</marker></defs>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        '<g font-family="Helvetica, Arial, sans-serif" fill="#1d2530">',
        f'<text x="{MARGIN:.0f}" y="30" font-size="18" font-weight="bold">{_safe(chart.title)}'
        "</text>",
        f'<g transform="translate({MARGIN:.0f} {HEAD:.0f})">',
        *(line for route in plan.routes for line in _route(plan, route)),
        *(line for arrow in plan.loops for line in _loop(plan, arrow)),
        *(line for box in chart.boxes for line in _box(box, plan.spots[box.id])),
        "</g>",
        *_box(Box("exits", "exits", ""), panel),
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _panel(plan: Plan) -> Spot:
    """What ends it at once, at the side: it is true of every step."""
    title = "Ends it at once, at any step"
    lines = (title, *(f"• {line}" for line in plan.chart.exits))
    broad = max(text_breadth(title, TITLE), *(text_breadth(line, SMALL) for line in lines[1:]))
    breadth, height = broad + 28, len(lines) * LINE + 14
    left = plan.breadth + MARGIN + 2 * BETWEEN
    return Spot(left + breadth / 2, HEAD + height / 2, breadth, height, lines, 1)


def _box(box: Box, spot: Spot) -> Iterator[str]:
    fill, line = _COLOURS[box.look]
    round_by = spot.height / 2 if box.look in ("start", "end") else 6
    round_by = min(round_by, 22)
    yield f'<g class="box {box.look}">'
    yield (
        f'<rect x="{spot.x - spot.breadth / 2:.1f}" y="{spot.top:.1f}" '
        f'width="{spot.breadth:.1f}" height="{spot.height:.1f}" rx="{round_by:.0f}" '
        f'fill="{fill}" stroke="{line}" stroke-width="1.4"/>'
    )
    if box.look == "choice":
        yield (
            f'<path d="M{spot.x - spot.breadth / 2 - 9:.1f} {spot.y:.1f}l9 -9v18z '
            f'M{spot.x + spot.breadth / 2 + 9:.1f} {spot.y:.1f}l-9 -9v18z" fill="{line}"/>'
        )
    yield from _text(spot, aligned=box.look == "exits")
    yield "</g>"


def _text(spot: Spot, *, aligned: bool = False) -> Iterator[str]:
    """The lines of a spot: in its middle, or aligned at its left."""
    anchor, x = ("start", spot.x - spot.breadth / 2 + 14) if aligned else ("middle", spot.x)
    first = spot.y - (len(spot.lines) - 1) * LINE / 2 + 4.5
    for number, line in enumerate(spot.lines):
        bold = number < spot.title_lines
        look = f'font-size="{TITLE:.0f}" font-weight="bold"' if bold else f'font-size="{SMALL:.0f}"'
        yield (
            f'<text x="{x:.1f}" y="{first + number * LINE:.1f}" text-anchor="{anchor}" {look}>'
            f"{_safe(line)}</text>"
        )


def _route(plan: Plan, route: Route) -> Iterator[str]:
    spots = [plan.spots[place] for place in route.places]
    path = [f"M{spots[0].x:.1f} {spots[0].bottom:.1f}"]
    for upper, lower in pairwise(spots):
        path.append(_curve(upper, lower))
        if lower is not spots[-1] and lower.height:
            path.append(f"V{lower.bottom:.1f}")
    end = "marker-start" if route.upward else "marker-end"
    look = 'stroke-dasharray="6 4" ' if route.upward else ""
    yield (
        f'<path class="arrow" d="{"".join(path)}" fill="none" stroke="#5b6b80" '
        f'stroke-width="1.4" {look}{end}="url(#tip)"/>'
    )
    if route.label_at:
        yield from _label(plan.spots[route.label_at])


def _curve(upper: Spot, lower: Spot) -> str:
    """From the lower edge of one spot to the upper edge of the next."""
    half = (lower.top - upper.bottom) / 2
    if abs(upper.x - lower.x) < 0.05:
        return f"V{lower.top:.1f}"
    return (
        f"C{upper.x:.1f} {upper.bottom + half:.1f} {lower.x:.1f} {lower.top - half:.1f} "
        f"{lower.x:.1f} {lower.top:.1f}"
    )


def _label(spot: Spot) -> Iterator[str]:
    yield (
        f'<rect x="{spot.x - spot.breadth / 2:.1f}" y="{spot.top:.1f}" '
        f'width="{spot.breadth:.1f}" height="{spot.height:.1f}" fill="#ffffff"/>'
    )
    yield from _text(spot)


def _loop(plan: Plan, arrow: Arrow) -> Sequence[str]:
    """An arrow from a box to itself, at its right."""
    spot = plan.spots[arrow.source]
    right = spot.x + spot.breadth / 2
    out = right + LOOP
    return (
        f'<path class="arrow" d="M{right:.1f} {spot.y + 8:.1f}C{out:.1f} {spot.y + 14:.1f} '
        f'{out:.1f} {spot.y - 14:.1f} {right:.1f} {spot.y - 8:.1f}" fill="none" '
        'stroke="#5b6b80" stroke-width="1.4" stroke-dasharray="6 4" marker-end="url(#tip)"/>',
        f'<text x="{out:.1f}" y="{spot.y + 4:.1f}" font-size="{SMALL:.0f}">{_safe(arrow.label)}'
        "</text>",
    )


def _safe(text: str) -> str:
    """Text for XML: what XML cannot have at all is left out, what means something is escaped."""
    return escape(_NOT_IN_XML.sub("", text), {'"': "&quot;", "'": "&#39;"})
