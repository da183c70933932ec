"""Reading templates from ``config/templates/NAME.liquid``.

A file is a short front, the text part, and if wanted an HTML part::

    ---
    subject: A question about {{ lead.company | default: "your quarry" }}
    ---
    Hi {{ lead.first_name | default: "there" }},
    …
    --- html ---
    <p>Hi {{ lead.first_name | default: "there" }},</p>

The subject is the rest of its line as it stands, without quotes around it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NoReturn

from activities.templates import Template, TemplateProblem, merge_fields_of

MAX_FILE_BYTES = 64_000
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class InvalidTemplates(ValueError):
    """Template files that cannot be used; ``problems`` names each with its file and line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def load_templates(directory: Path) -> dict[str, Template]:
    """All templates of ``directory`` by name (the file name without ``.liquid``).

    Raises InvalidTemplates, once, with the problems of every file.
    """
    templates: dict[str, Template] = {}
    problems: list[str] = []
    for path in sorted(directory.glob("*.liquid")):
        try:
            template = read_template(path)
            merge_fields_of(template)
        except TemplateProblem as problem:
            problems.append(str(problem))
        else:
            templates[template.name] = template
    if problems:
        raise InvalidTemplates(problems)
    return templates


def read_template(path: Path) -> Template:
    """One template file. Raises TemplateProblem with the file's name and the line."""
    if not _NAME.fullmatch(path.stem):
        _refuse(path, 1, "the file name is not usable", "name it like follow_up.liquid")
    if path.stat().st_size > MAX_FILE_BYTES:
        _refuse(path, 1, "is too large", f"keep a template below {MAX_FILE_BYTES} bytes")
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        _refuse(path, line, "is not UTF-8", "save the file as UTF-8")
    subject, body_at = _front(path, lines)
    html_at = next((n for n, line in enumerate(lines) if _is_html_mark(line, n, body_at)), None)
    text = _part(lines[body_at:html_at])
    if not text:
        _refuse(path, body_at + 1, "the text part is empty", "every mail needs a text part")
    html = None if html_at is None else _part(lines[html_at + 1 :])
    if html == "":
        _refuse(path, len(lines), "the HTML part is empty", "write it, or drop '--- html ---'")
    return Template(
        name=path.stem,
        subject=subject,
        text=text,
        html=html,
        text_line=body_at + 1,
        html_line=1 if html_at is None else html_at + 2,
    )


def _front(path: Path, lines: list[str]) -> tuple[str, int]:
    if lines[0].rstrip() != "---":
        _refuse(path, 1, "does not begin with '---'", "begin with '---', 'subject: …', '---'")
    subject: str | None = None
    for number, line in enumerate(lines[1:], start=2):
        key, colon, value = line.partition(":")
        if line.rstrip() == "---":
            if subject is None:
                _refuse(path, number, "has no subject", "write 'subject: …' above this line")
            return subject, number
        if key.strip() == "subject" and colon:
            subject = _subject(path, number, value, subject)
        elif line.strip() and not line.startswith("#"):
            _refuse(path, number, "is neither 'subject: …' nor a # comment", "remove this line")
    _refuse(path, len(lines), "the front has no end", "close it with a line '---'")


def _subject(path: Path, number: int, value: str, earlier: str | None) -> str:
    value = value.strip()
    if earlier is not None:
        _refuse(path, number, "has a second subject", "keep one of them")
    if not value:
        _refuse(path, number, "the subject is empty", "write it behind 'subject:'")
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        _refuse(path, number, "the subject is in quotes", "take the quotes away")
    return value


def _is_html_mark(line: str, number: int, body_at: int) -> bool:
    return number >= body_at and re.fullmatch(r"---\s*html\s*---\s*", line) is not None


def _part(lines: list[str]) -> str:
    body = "\n".join(line.rstrip("\r") for line in lines).rstrip()
    return f"{body}\n" if body else ""


def _refuse(path: Path, line: int, what: str, mend: str) -> NoReturn:
    raise TemplateProblem(f"{path.name}:{line}", what, mend)
