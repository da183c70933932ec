"""Liquid with limits: the dialect templates are written in, made safe against template bombs.

Limits on loops, output and variables are python-liquid's own; filters are guarded here, because
one ``join`` over a huge range or a few nested ``replace`` would get past those.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ClassVar

from liquid import Environment, Mode
from liquid.exceptions import ResourceLimitError
from liquid.undefined import FalsyStrictUndefined, Undefined

MAX_CHARACTERS = 100_000
MAX_ITEMS = 10_000

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

    def __init__(self, *, autoescape: bool) -> None:
        super().__init__(
            tolerance=Mode.STRICT,
            undefined=MissingField,
            strict_filters=True,
            autoescape=autoescape,
        )
        for tag in _FORBIDDEN_TAGS:
            self.tags.pop(tag, None)
        for name in _FORBIDDEN_FILTERS:
            self.filters.pop(name, None)
        for name, function in list(self.filters.items()):
            if name != "default":
                self.filters[name] = _guarded(name, function)


def _guarded(name: str, function: Filter) -> Filter:
    @functools.wraps(function)
    def guard(value: object, *args: Any, **kwargs: Any) -> Any:
        # A missing field passes through, so that a `default` further down the chain still works.
        if isinstance(value, Undefined):
            return value
        for part in (value, *args):
            _refuse_if_huge(part)
        if name == "replace" and len(args) == 2:
            _refuse_growth(str(value).count(str(args[0])) * len(str(args[1])))
        if name == "join" and isinstance(value, list | tuple | range):
            glue = len(str(args[0])) if args else 1
            _refuse_growth(sum(len(str(item)) + glue for item in value))
        result = function(value, *args, **kwargs)
        _refuse_if_huge(result)
        return result

    return guard


def _refuse_if_huge(value: object) -> None:
    if isinstance(value, str):
        _refuse_growth(len(value))
    elif isinstance(value, list | tuple | range) and len(value) > MAX_ITEMS:
        raise ResourceLimitError(f"a list has more than {MAX_ITEMS} items", token=None)


def _refuse_growth(characters: int) -> None:
    if characters > MAX_CHARACTERS:
        raise ResourceLimitError(f"a text has more than {MAX_CHARACTERS} characters", token=None)
