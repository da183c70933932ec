"""Liquid with limits: the dialect templates are written in, made safe against template bombs.

Limits on loops, output and variables are python-liquid's own; filters are guarded here, because
one ``join`` over a huge range or a few nested ``replace`` would get past those. What many small
things cost together is counted in ``liquid_work.py``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from liquid import BoundTemplate, Environment, Markup, Mode, RenderContext
from liquid.ast import Node
from liquid.builtin.expressions.logical import ContainsExpression
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.exceptions import LiquidSyntaxError, ResourceLimitError
from liquid.expression import Expression
from liquid.filter import string_filter
from liquid.undefined import FalsyStrictUndefined, Undefined

from activities.html_pieces import without_tags
from activities.liquid_work import (
    MAX_ITEMS,
    WHATEVER,
    CountedForTag,
    CountingTemplate,
    size_of,
    spend,
)

MAX_CHARACTERS = 100_000
MAX_BITS = 10_000

_FORBIDDEN_TAGS = ("include", "render", "tablerow", "liquid", "doc")
_FORBIDDEN_FILTERS = ("safe", "escapejs")  # both would switch HTML escaping off

Filter = Callable[..., Any]


class MissingField(FalsyStrictUndefined):
    """A merge field without a value: false in an ``if``, replaced by ``default``, else an error."""


class BoundedEnvironment(Environment):
    """Standard Liquid without files to include, without ``safe``, and with every limit set.

    Strict: an unknown tag or filter and a missing merge field without ``default`` are errors.
    """

    loop_iteration_limit: ClassVar[int | None] = 1_000
    output_stream_limit: ClassVar[int | None] = 200_000
    local_namespace_limit: ClassVar[int | None] = 100_000
    block_nesting_limit: ClassVar[int] = 20
    template_class: type[BoundTemplate] = CountingTemplate

    def __init__(self, *, autoescape: bool) -> None:
        super().__init__(
            tolerance=Mode.STRICT,
            undefined=MissingField,
            strict_filters=True,
            autoescape=autoescape,
        )
        self.add_tag(CountedForTag)
        for tag in _FORBIDDEN_TAGS:
            self.tags.pop(tag, None)
        for name in _FORBIDDEN_FILTERS:
            self.filters.pop(name, None)
        self.add_filter("strip_html", _strip_html)
        for name, function in list(self.filters.items()):
            if name != "default":
                self.filters[name] = _guarded(name, function)

    def _parse(self, source: str) -> list[Node]:
        nodes = super()._parse(source)
        _refuse_searched_ranges(nodes, RenderContext(BoundTemplate(self, [])))
        return nodes


@string_filter
def _strip_html(text: str) -> str:
    """The text without tags; Liquid's own takes minutes for tags that do not end."""
    # Text that was escaped, or is trusted, stays so.
    return Markup(without_tags(text)) if isinstance(text, Markup) else without_tags(text)


def _guarded(name: str, function: Filter) -> Filter:
    asks_for_context = getattr(function, "with_context", False)

    @functools.wraps(function)
    def guard(value: object, *args: Any, context: RenderContext, **kwargs: Any) -> Any:
        # A missing field passes through, so that a `default` further down the chain still works.
        if isinstance(value, Undefined):
            return value
        for part in (value, *args):
            _refuse_if_huge(part)
        spend(context, _work_of(name, value, args))
        if name == "replace" and len(args) == 2:
            _refuse_growth(str(value).count(str(args[0])) * len(str(args[1])))
        if name == "join" and isinstance(value, list | tuple | range):
            glue = len(str(args[0])) if args else 1
            _refuse_growth(sum(len(str(item)) + glue for item in value))
        if asks_for_context:
            kwargs["context"] = context
        result = function(value, *args, **kwargs)
        _refuse_if_huge(result)
        spend(context, size_of(result))
        return result

    guard.with_context = True  # type: ignore[attr-defined]  # so that Liquid hands it in
    return guard


def _work_of(name: str, value: object, args: tuple[Any, ...]) -> int:
    """The work of one call of a filter, before it is done."""
    size = size_of(value)
    items = len(value) if isinstance(value, list | tuple | range) else 1
    times = {
        "sort": items.bit_length(),
        "sort_natural": items.bit_length(),
        "uniq": 1 + items // 4,  # it compares each item with each
        "date": 20,  # a parser written in Python
    }.get(name, 1)
    widest = 256 if name == "date" else 1  # what a format may make of one character of it
    return WHATEVER + times * size + widest * sum(map(size_of, args))


def _refuse_if_huge(value: object) -> None:
    if isinstance(value, str):
        _refuse_growth(len(value))
    elif isinstance(value, list | tuple | range) and value[MAX_ITEMS:]:
        raise ResourceLimitError(f"a list has more than {MAX_ITEMS} items", token=None)
    elif isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise ResourceLimitError(f"a number has more than {MAX_BITS} bits", token=None)


def _refuse_growth(characters: int) -> None:
    if characters > MAX_CHARACTERS:
        raise ResourceLimitError(f"a text has more than {MAX_CHARACTERS} characters", token=None)


def _refuse_searched_ranges(nodes: Iterable[Node], context: RenderContext) -> None:
    """``(1..n) contains x`` goes through all numbers, and nothing can count it meanwhile."""
    for node in nodes:
        for expression in node.expressions():
            _refuse_searched_range(expression)
        _refuse_searched_ranges(node.children(context, include_partials=False), context)


def _refuse_searched_range(expression: Expression) -> None:
    if isinstance(expression, ContainsExpression) and isinstance(expression.left, RangeLiteral):
        what = "contains cannot search a range: compare with its first and last number"
        raise LiquidSyntaxError(what, token=expression.token)
    for child in expression.children():
        _refuse_searched_range(child)
