"""Templates of outgoing mail: what they are, and how they are rendered.

Lead fields are data and never templates; what a template may do is in ``liquid_limits.py``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Literal

from liquid import BoundTemplate
from liquid.exceptions import LiquidError, ResourceLimitError, UndefinedError, UnknownFilterError
from liquid.token import TOKEN_WORD, Token
from pydantic import BaseModel, ConfigDict

from activities.liquid_limits import BoundedEnvironment

Part = Literal["subject", "text", "html"]
Kind = Literal["text", "basic", "themed", "custom"]
"""Text alone; text with HTML made of it; in the frame of a theme; or with HTML of its own."""

_PLAIN = BoundedEnvironment(autoescape=False)
_ESCAPED = BoundedEnvironment(autoescape=True)
BREAKS_A_HEADER = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


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


class BeyondLimits(TemplateProblem):
    """Filling in a template would take more than it may, whoever the lead is."""


def render(template: Template, merge_fields: Mapping[str, object]) -> Rendered:
    """Fill in ``merge_fields`` (nested mappings: ``{"lead": {"first_name": "Ada"}}``).

    A field that is absent, None or "" takes its ``default``; a default of one space is a blank.
    Raises TemplateProblem for a missing field without default, a subject that does not stay on
    one line, a template that is not valid, or one that goes beyond its limits.
    """
    filled = _without_empty(merge_fields)
    parts = {part: render_part(template, part, filled) for part, _ in parts_of(template)}
    if BREAKS_A_HEADER.search(parts["subject"]):
        raise TemplateProblem(
            where_in(template, "subject"),
            "a merge field put a line break or control character into the subject",
            "leave that field out of the subject or correct the lead's record",
        )
    return Rendered(subject=parts["subject"], text=parts["text"], html=parts.get("html"))


def parts_of(template: Template) -> Iterator[tuple[Part, str]]:
    """The Liquid of each part that the template has."""
    yield "subject", template.subject
    yield "text", template.text
    if template.html is not None:
        yield "html", template.html


def where_in(template: Template, part: Part, source: str = "", index: int = -1) -> str:
    """The place of a character of a part, in words; the part alone if none is given."""
    start = {"subject": 0, "text": template.text_line, "html": template.html_line}[part]
    line = f" line {start + source.count(chr(10), 0, index)}" if start and index >= 0 else ""
    return f"template {template.name}, {part}{line}"


def render_part(template: Template, part: Part, fields: Mapping[str, object]) -> str:
    """One part, filled in with ``fields`` as they are. Raises TemplateProblem."""
    bound = parsed(template, part)
    try:
        return bound.render(**fields)
    except UndefinedError as error:
        raise _missing(template, part, error) from None
    except (ResourceLimitError, RecursionError) as error:
        raise BeyondLimits(
            _at(template, part, error),
            f"goes beyond what filling in a text may take ({type(error).__name__})",
            "loop over less, and take filters of long texts and lists out of loops",
        ) from None
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
    return where_in(template, part, source, index)


def parsed(template: Template, part: Part) -> BoundTemplate:
    """One part, ready to be filled in. Raises TemplateProblem if it is not valid Liquid."""
    source = dict(parts_of(template))[part]
    try:
        return _parsed(source, part == "html")
    except LiquidError as error:
        mend = "correct the Liquid here (tags of the include family are not available)"
        raise TemplateProblem(_at(template, part, error), str(error.message), mend) from None
    except RecursionError:
        where, mend = where_in(template, part), "split the condition or the path up"
        raise BeyondLimits(where, "is nested too deeply", mend) from None


@functools.lru_cache(maxsize=512)
def _parsed(source: str, escaped: bool) -> BoundTemplate:
    bound = (_ESCAPED if escaped else _PLAIN).from_string(source)
    # python-liquid itself would tell of an unknown filter only while rendering.
    for name, spans in bound.analyze(include_partials=False).filters.items():
        if name not in bound.env.filters:
            token = Token(TOKEN_WORD, name, spans[0].index, source)
            raise UnknownFilterError(f"unknown filter {name}", token=token)
    return bound


def _without_empty(values: Mapping[str, object]) -> dict[str, object]:
    kept: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            kept[name] = _without_empty(value)
        elif value is not None and value != "":
            kept[name] = value
    return kept
