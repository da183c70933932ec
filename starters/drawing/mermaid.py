"""A picture as Mermaid text, for pages that draw it themselves (GitHub, wikis)."""

from __future__ import annotations

from collections.abc import Iterator

from starters.drawing.chart import Box, Chart

_SHAPES = {
    "start": ('(["', '"])'),
    "wait": ('("', '")'),
    "choice": ('{"', '"}'),
    "end": ('(["', '"])'),
}
_SQUARE = ('["', '"]')
_COLOURS = {
    "start": "fill:#eef2f7,stroke:#5b6b80",
    "mail": "fill:#e3efff,stroke:#2f6fc4",
    "wait": "fill:#fff6df,stroke:#b98a1d",
    "choice": "fill:#f3e9fb,stroke:#8250b3",
    "act": "fill:#e5f5ec,stroke:#2e8658",
    "end": "fill:#f1f1f1,stroke:#6b6b6b",
    "exits": "fill:#fdeceb,stroke:#b8483f",
}
_PLAIN = frozenset(" .,:%/-_+()…•")


def mermaid_of(chart: Chart) -> str:
    """The picture. Ids are numbers, and every text is escaped, so no text can end its place."""
    names = {box.id: f"s{number}" for number, box in enumerate(chart.boxes)}
    return "\n".join(_lines(chart, names)) + "\n"


def _lines(chart: Chart, names: dict[str, str]) -> Iterator[str]:
    yield "flowchart TD"
    for box in chart.boxes:
        yield f"  {names[box.id]}{_shape(box)}"
    for arrow in chart.arrows:
        label = f'|"{_safe(arrow.label)}"|' if arrow.label else ""
        yield f"  {names[arrow.source]} -->{label} {names[arrow.target]}"
    exits = Box("", "exits", "Ends it at once, at any step", chart.exits)
    yield f"  exits{_shape(exits)}"
    for look, colours in _COLOURS.items():
        of_it = [names[box.id] for box in chart.boxes if box.look == look]
        of_it += ["exits"] if look == "exits" else []
        if of_it:
            yield f"  classDef {look}Box {colours},color:#1d2530"
            yield f"  class {','.join(of_it)} {look}Box"


def _shape(box: Box) -> str:
    before, after = _SHAPES.get(box.look, _SQUARE)
    return before + "<br/>".join(_safe(line) for line in (box.title, *box.details)) + after


def _safe(text: str) -> str:
    """Letters and figures as they are; all that might mean something to Mermaid by its number."""
    return "".join(
        letter if letter.isalnum() or letter in _PLAIN else f"#{ord(letter)};" for letter in text
    )
