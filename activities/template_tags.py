"""The merge fields of a template, and what may be wrong with it before it is filled in."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from activities.template_fields import field_uses
from activities.templates import (
    BREAKS_A_HEADER,
    Part,
    Template,
    TemplateProblem,
    parsed,
    parts_of,
    where_in,
)

_COMPARED_WITH_NOTHING = re.compile(r"""[=!]=\s*(?:blank|empty|""|'')""")


class _Use(NamedTuple):
    where: str
    field: str
    may_be_missing: bool
    default: str | None


@dataclass(frozen=True, slots=True)
class MergeTag:
    """A merge field that a template uses, and what stands there for a lead without it.

    A default of one space is a blank. No default, and ``may_be_missing``: nothing is said then.
    """

    field: str
    default: str | None
    may_be_missing: bool


def merge_fields_of(template: Template) -> dict[str, bool]:
    """Every merge field by its path, and whether it may be missing at each place of its use.

    It may be missing where a ``default`` follows, where an ``if`` asks about it, and inside the
    block of that ``if``.
    Raises TemplateProblem when the template is not valid Liquid.
    """
    fields: dict[str, bool] = {}
    for part, _ in parts_of(template):
        for use in _uses(template, part):
            fields[use.field] = fields.get(use.field, True) and use.may_be_missing
    return fields


def merge_tags_of(template: Template) -> list[MergeTag]:
    """Every merge field with each of its defaults, in the order of the template.

    Raises TemplateProblem when the template is not valid Liquid.
    """
    fields = merge_fields_of(template)
    said = [
        (use.field, use.default) for part, _ in parts_of(template) for use in _uses(template, part)
    ]
    with_default = {field for field, default in said if default is not None}
    kept = [one for one in said if one[1] is not None or one[0] not in with_default]
    return [MergeTag(field, default, fields[field]) for field, default in dict.fromkeys(kept)]


def check(template: Template, known_fields: Collection[str]) -> list[str]:
    """Everything wrong with ``template``: invalid Liquid, unknown merge fields, a bad subject.

    ``known_fields`` are dotted paths such as ``lead.first_name``; deeper paths below them
    (``lead.tags[0]``) and their parents are known too.
    """
    problems = []
    if not template.subject.strip() or BREAKS_A_HEADER.search(template.subject):
        problems.append(f"{where_in(template, 'subject')}: must be one line, and not empty")
    if not template.text.strip():
        problems.append(f"{where_in(template, 'text')}: is empty; every mail needs a text part")
    for part, source in parts_of(template):
        try:
            problems += [_unknown(u, known_fields) for u in _uses(template, part)]
        except TemplateProblem as problem:
            problems.append(str(problem))
        for found in _COMPARED_WITH_NOTHING.finditer(source):
            where = where_in(template, part, source, found.start())
            problems.append(
                f"{where}: a missing merge field equals neither blank nor empty; "
                "write {% if lead.company %} to ask whether it has a value"
            )
    return [problem for problem in problems if problem]


def _uses(template: Template, part: Part) -> Iterator[_Use]:
    source = dict(parts_of(template))[part]
    for use in field_uses(parsed(template, part)):
        where = where_in(template, part, source, use.index)
        yield _Use(where, use.path, use.may_be_missing, use.default)


def _unknown(use: _Use, known: Collection[str]) -> str:
    path = use.field
    for name in known:
        if path == name or path.startswith((f"{name}.", f"{name}[")) or name.startswith(f"{path}."):
            return ""
    close = get_close_matches(path, known, n=1)
    mend = f"did you mean {close[0]}?" if close else f"known are {', '.join(sorted(known))}"
    return f"{use.where}: unknown merge field {path}; {mend}"
