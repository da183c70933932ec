"""Templates of outgoing mail: what they are, how they are rendered, and what may be wrong in them.

Lead fields are data and never templates; what a template may do is in ``liquid_limits.py``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, NamedTuple

from liquid import BoundTemplate
from liquid.exceptions import LiquidError, UndefinedError, UnknownFilterError
from liquid.token import TOKEN_WORD, Token
from pydantic import BaseModel, ConfigDict

from activities.liquid_limits import BoundedEnvironment
from activities.template_fields import field_uses

Part = Literal["subject", "text", "html"]
Kind = Literal["text", "basic", "themed", "custom"]
"""Text alone; text with HTML made of it; in the frame of a theme; or with HTML of its own."""

_PLAIN = BoundedEnvironment(autoescape=False)
_ESCAPED = BoundedEnvironment(autoescape=True)
_BREAKS_A_HEADER = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_COMPARED_WITH_NOTHING = re.compile(r"""[=!]=\s*(?:blank|empty|""|'')""")


class Template(BaseModel):
    """One mail template; ``html`` None means that only text is sent.

    ``text_line`` and ``html_line`` say where in its file each part begins, for error messages.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    subject: str
    text: str
    html: str | None = None
    kind: Kind = "text"
    text_line: int = 1
    html_line: int = 1


class Rendered(BaseModel):
    """A template with its merge fields filled in; ``subject`` is one line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str
    text: str
    html: str | None = None


class TemplateProblem(Exception):
    """A template cannot be used as it stands; says where and how to mend it, never lead data."""

    def __init__(self, where: str, what: str, mend: str, field: str | None = None) -> None:
        super().__init__(f"{where}: {what}; {mend}")
        self.field = field


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


def render(template: Template, merge_fields: Mapping[str, object]) -> Rendered:
    """Fill in ``merge_fields`` (nested mappings: ``{"lead": {"first_name": "Ada"}}``).

    A field that is absent, None or "" takes its ``default``; a default of one space is a blank.
    Raises TemplateProblem for a missing field without default, a subject that does not stay on
    one line, a template that is not valid, or one that goes beyond its limits.
    """
    filled = _without_empty(merge_fields)
    parts = {part: _render_part(template, part, filled) for part, _ in _parts(template)}
    if _BREAKS_A_HEADER.search(parts["subject"]):
        raise TemplateProblem(
            _where(template, "subject"),
            "a merge field put a line break or control character into the subject",
            "leave that field out of the subject or correct the lead's record",
        )
    return Rendered(subject=parts["subject"], text=parts["text"], html=parts.get("html"))


def merge_fields_of(template: Template) -> dict[str, bool]:
    """Every merge field by its path, and whether it may be missing at each place of its use.

    It may be missing where a ``default`` follows, where an ``if`` asks about it, and inside the
    block of that ``if``.
    Raises TemplateProblem when the template is not valid Liquid.
    """
    fields: dict[str, bool] = {}
    for part, _ in _parts(template):
        for use in _uses(template, part):
            fields[use.field] = fields.get(use.field, True) and use.may_be_missing
    return fields


def merge_tags_of(template: Template) -> list[MergeTag]:
    """Every merge field with each of its defaults, in the order of the template.

    Raises TemplateProblem when the template is not valid Liquid.
    """
    fields = merge_fields_of(template)
    said = [
        (use.field, use.default) for part, _ in _parts(template) for use in _uses(template, part)
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
    if not template.subject.strip() or _BREAKS_A_HEADER.search(template.subject):
        problems.append(f"{_where(template, 'subject')}: must be one line, and not empty")
    if not template.text.strip():
        problems.append(f"{_where(template, 'text')}: is empty; every mail needs a text part")
    for part, source in _parts(template):
        try:
            problems += [_unknown(u, known_fields) for u in _uses(template, part)]
        except TemplateProblem as problem:
            problems.append(str(problem))
        for found in _COMPARED_WITH_NOTHING.finditer(source):
            where = _where(template, part, source, found.start())
            problems.append(
                f"{where}: a missing merge field equals neither blank nor empty; "
                "write {% if lead.company %} to ask whether it has a value"
            )
    return [problem for problem in problems if problem]


def _parts(template: Template) -> Iterator[tuple[Part, str]]:
    yield "subject", template.subject
    yield "text", template.text
    if template.html is not None:
        yield "html", template.html


def _where(template: Template, part: Part, source: str = "", index: int = -1) -> str:
    start = {"subject": 0, "text": template.text_line, "html": template.html_line}[part]
    line = f" line {start + source.count(chr(10), 0, index)}" if start and index >= 0 else ""
    return f"template {template.name}, {part}{line}"


def _render_part(template: Template, part: Part, fields: Mapping[str, object]) -> str:
    bound = _parse(template, part)
    try:
        return bound.render(**fields)
    except UndefinedError as error:
        raise _missing(template, part, error) from None
    # What a filter says about a bad value may quote the value, so only its kind is told.
    except (LiquidError, ValueError, TypeError, ArithmeticError, LookupError) as error:
        raise TemplateProblem(
            _at(template, part, error),
            f"cannot be rendered ({type(error).__name__})",
            "check the filters and loops here against values that leads really have",
        ) from None


def _missing(template: Template, part: Part, error: UndefinedError) -> TemplateProblem:
    source = error.token.source if error.token else ""
    path = re.match(r"[\w.\-]+", source[error.token.start_index :]) if error.token else None
    field = path.group() if path else "a merge field"
    return TemplateProblem(
        _at(template, part, error),
        f"{field} has no value",
        f'fill the field, or write {{{{ {field} | default: "…" }}}}',
        field,
    )


def _at(template: Template, part: Part, error: Exception) -> str:
    token = getattr(error, "token", None)
    source, index = (token.source, token.start_index) if token else ("", -1)
    return _where(template, part, source, index)


def _parse(template: Template, part: Part) -> BoundTemplate:
    source = dict(_parts(template))[part]
    try:
        return _parsed(source, part == "html")
    except LiquidError as error:
        mend = "correct the Liquid here (tags of the include family are not available)"
        raise TemplateProblem(_at(template, part, error), str(error.message), mend) from None


@functools.lru_cache(maxsize=512)
def _parsed(source: str, escaped: bool) -> BoundTemplate:
    bound = (_ESCAPED if escaped else _PLAIN).from_string(source)
    # python-liquid itself would tell of an unknown filter only while rendering.
    for name, spans in bound.analyze(include_partials=False).filters.items():
        if name not in bound.env.filters:
            token = Token(TOKEN_WORD, name, spans[0].index, source)
            raise UnknownFilterError(f"unknown filter {name}", token=token)
    return bound


def _uses(template: Template, part: Part) -> Iterator[_Use]:
    source = dict(_parts(template))[part]
    for use in field_uses(_parse(template, part)):
        where = _where(template, part, source, use.index)
        yield _Use(where, use.path, use.may_be_missing, use.default)


def _unknown(use: _Use, known: Collection[str]) -> str:
    path = use.field
    for name in known:
        if path == name or path.startswith((f"{name}.", f"{name}[")) or name.startswith(f"{path}."):
            return ""
    close = get_close_matches(path, known, n=1)
    mend = f"did you mean {close[0]}?" if close else f"known are {', '.join(sorted(known))}"
    return f"{use.where}: unknown merge field {path}; {mend}"


def _without_empty(values: Mapping[str, object]) -> dict[str, object]:
    kept: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            kept[name] = _without_empty(value)
        elif value is not None and value != "":
            kept[name] = value
    return kept
