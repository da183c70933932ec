"""Reading templates from ``config/templates/NAME.liquid``.

A file is a short front, the text part, and if wanted an HTML part::

    ---
    subject: A question about {{ lead.company | default: "your quarry" }}
    ---
    Hi {{ lead.first_name | default: "there" }},
    …
    --- html ---
    <p>Hi {{ lead.first_name | default: "there" }},</p>

The subject is the rest of its line as it stands, without quotes around it. Beside it may stand
``kind:`` and ``theme:``. Without a kind a template is ``custom`` if it has an HTML part, else
``text``. ``basic`` makes the HTML from the text; ``themed`` puts it (or the HTML part) into the
frame ``themes/THEME.liquid``, at ``{{ content }}``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn, get_args

from activities.automatic_html import automatic_html
from activities.template_tags import merge_fields_of
from activities.templates import Kind, Template, TemplateProblem

MAX_FILE_BYTES = 64_000
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CONTENT = re.compile(r"\{\{-?\s*content\s*-?\}\}")
_FRONT = ("subject", "kind", "theme")
_KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}


def read_template(path: Path) -> Template:
    """One template file, with its theme. Raises TemplateProblem with the file's name and line."""
    if not _NAME.fullmatch(path.stem):
        _refuse(path, 1, "the file name is not usable", "name it like follow_up.liquid")
    lines = _lines(path)
    front, body_at = _front(path, lines)
    html_at = next((n for n, line in enumerate(lines) if _is_html_mark(line, n, body_at)), None)
    text = _part(lines[body_at:html_at])
    if not text:
        _refuse(path, body_at + 1, "the text part is empty", "every mail needs a text part")
    html = None if html_at is None else _part(lines[html_at + 1 :])
    if html == "":
        _refuse(path, len(lines), "the HTML part is empty", "write it, or drop '--- html ---'")
    kind, number = front.get("kind", ("text" if html is None else "custom", 1))
    if mend := _mismatch(kind, has_html=html is not None, has_theme="theme" in front):
        _refuse(path, number, f"does not suit its kind {kind!r}", mend)
    if kind == "themed":
        html = in_theme(path, *front["theme"], html or automatic_html(text))
    return Template(
        name=path.stem,
        subject=front["subject"][0],
        text=text,
        html=automatic_html(text) if kind == "basic" else html,
        kind=_KINDS[kind],
        text_line=body_at + 1,
        html_line=1 if html_at is None else html_at + 2,
    )


def in_theme(path: Path, theme: str, line: int, content: str) -> str:
    """The HTML of a template within the frame of its theme, ``themes/NAME.liquid`` beside it.

    Raises TemplateProblem if there is no such theme, or it cannot be used.
    """
    themes = path.parent / "themes"
    file = themes / f"{theme}.liquid"
    if not _NAME.fullmatch(theme) or not file.is_file():
        known = ", ".join(sorted(one.stem for one in themes.glob("*.liquid"))) or "none"
        _refuse(path, line, f"there is no theme {theme!r}", f"there are: {known}")
    layout = _part(_lines(file))
    places = len(_CONTENT.findall(layout))
    if places != 1:
        what = f"has {places} places for the content"
        _refuse(file, 1, what, "write {{ content }} once, where the mail's own HTML belongs")
    merge_fields_of(Template(name=f"themes/{theme}", subject="-", text="-", html=layout))
    # Not by a pattern's replacement: the content may hold backslashes.
    before, after = _CONTENT.split(layout)
    return f"{before}{content}{after}"


def _lines(path: Path) -> list[str]:
    if path.stat().st_size > MAX_FILE_BYTES:
        _refuse(path, 1, "is too large", f"keep a template below {MAX_FILE_BYTES} bytes")
    try:
        return path.read_text("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        _refuse(path, line, "is not UTF-8", "save the file as UTF-8")


def _mismatch(kind: str, *, has_html: bool, has_theme: bool) -> str:
    """How to mend a template that does not have what its kind asks for; empty if it has."""
    if kind not in _KINDS:
        return f"the kinds are {', '.join(_KINDS)}"
    if has_theme != (kind == "themed"):
        return "'kind: themed' and 'theme: NAME' belong together: write both, or neither"
    if kind in ("text", "basic") and has_html:
        return "drop '--- html ---' and what follows, or the line 'kind:'"
    if kind == "custom" and not has_html:
        return "add '--- html ---' and the HTML, or write 'kind: basic'"
    return ""


def _front(path: Path, lines: list[str]) -> tuple[dict[str, tuple[str, int]], int]:
    """What stands in the front, each with its line; and the line that closes it."""
    if lines[0].rstrip() != "---":
        _refuse(path, 1, "does not begin with '---'", "begin with '---', 'subject: …', '---'")
    front: dict[str, tuple[str, int]] = {}
    for number, line in enumerate(lines[1:], start=2):
        key, colon, value = line.partition(":")
        key, value = key.strip(), value.strip()
        if line.rstrip() == "---":
            if "subject" not in front:
                _refuse(path, number, "has no subject", "write 'subject: …' above this line")
            return front, number
        if key in _FRONT and colon:
            _check_front(path, number, (key, value), front)
            front[key] = (value, number)
        elif line.strip() and not line.startswith("#"):
            mend = f"remove this line, or write one of {', '.join(_FRONT)}"
            _refuse(path, number, "is neither 'subject: …' nor a # comment", mend)
    _refuse(path, len(lines), "the front has no end", "close it with a line '---'")


def _check_front(
    path: Path, number: int, said: tuple[str, str], front: Mapping[str, object]
) -> None:
    key, value = said
    if key in front:
        _refuse(path, number, f"has a second {key}", "keep one of them")
    if not value:
        _refuse(path, number, f"the {key} is empty", f"write it behind '{key}:'")
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        _refuse(path, number, f"the {key} is in quotes", "take the quotes away")


def _is_html_mark(line: str, number: int, body_at: int) -> bool:
    return number >= body_at and re.fullmatch(r"---\s*html\s*---\s*", line) is not None


def _part(lines: list[str]) -> str:
    body = "\n".join(line.rstrip("\r") for line in lines).rstrip()
    return f"{body}\n" if body else ""


def _refuse(path: Path, line: int, what: str, mend: str) -> NoReturn:
    raise TemplateProblem(f"{path.name}:{line}", what, mend)
