"""How much work filling in one text may be, counted while it goes on.

Liquid's own limits say how long a text, a list or a loop may be; a template that does something
short a thousand times stays within each of them. The unit is one character gone through; what
else there is counts as many as it takes time, so that the whole is over in tenths of a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from liquid import BoundTemplate, RenderContext, TokenStream
from liquid.ast import Node
from liquid.builtin.expressions import LoopExpression
from liquid.builtin.expressions.primitive import Literal
from liquid.builtin.tags.for_tag import ForNode, ForTag
from liquid.exceptions import ResourceLimitError
from liquid.expression import Expression
from liquid.undefined import UNDEFINED

MAX_WORK = 500_000
MAX_ITEMS = 10_000
WHATEVER = 20
"""What a tag or a filter costs whatever it is given."""
ITEM = 10
"""What an item of a list costs, without what is in it."""


class TooMuchWork(ResourceLimitError):
    """Filling in a text is more work than it may be."""


class CountingContext(RenderContext):
    """One filling in of one text: it counts what is looked up, assigned, looped and filtered."""

    __slots__ = ("work_left",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.work_left = MAX_WORK

    def get(self, path: list[object], *, token: Any, default: object = UNDEFINED) -> object:
        """The value at ``path``: whoever asks for it may go through all of it."""
        found = super().get(path, token=token, default=default)
        spend(self, size_of(found, self.work_left))
        return found

    def assign(self, key: str, val: Any) -> None:
        """Keep a value of the template's own; Liquid then weighs all of them."""
        spend(self, WHATEVER + ITEM * len(self.locals))
        super().assign(key, val)


class CountingTemplate(BoundTemplate):
    """A parsed text whose every filling in is counted."""

    context_class = CountingContext


class CountedForTag(ForTag):
    """The tag ``for``, with its turns counted."""

    def parse(self, stream: TokenStream) -> Node:
        """Parse the loop, and reckon what one turn of it costs."""
        node = super().parse(stream)
        assert isinstance(node, ForNode)
        turn = _work_within(node.block, RenderContext(BoundTemplate(self.env, [])))
        node.expression = _CountedLoop(node.expression, turn)
        return node


class _CountedLoop(LoopExpression):
    """What a ``for`` goes through; ``turn`` is the work of going once through what is inside."""

    __slots__ = ("turn",)

    def __init__(self, plain: LoopExpression, turn: int) -> None:
        super().__init__(
            plain.token,
            plain.identifier,
            plain.iterable,
            limit=plain.limit,
            offset=plain.offset,
            reversed_=plain.reversed,
            cols=plain.cols,
        )
        self.turn = turn

    def evaluate(self, context: RenderContext) -> tuple[Iterator[object], int]:
        items, length = super().evaluate(context)
        spend(context, length * self.turn)
        return items, length

    def _to_iter(self, obj: object, context: RenderContext) -> tuple[Iterator[object], int]:
        # `offset` skips over, and `reversed` copies, all of them before the first turn.
        if isinstance(obj, range) and obj[MAX_ITEMS:]:
            raise TooMuchWork("too long a range", token=None)
        return super()._to_iter(obj, context)


def spend(context: RenderContext, work: int) -> None:
    """Count ``work``. Raises TooMuchWork once it is more than MAX_WORK in all."""
    if isinstance(context, CountingContext):
        context.work_left -= work
        if context.work_left < 0:
            raise TooMuchWork("too much work", token=None)


def size_of(value: object, enough: int = MAX_WORK) -> int:
    """The work of going through a value and what is in it; counted no further than ``enough``."""
    if isinstance(value, str):
        return 1 + len(value)
    if isinstance(value, range):
        return 1 + ITEM * len(value)
    if not isinstance(value, dict | list | tuple):
        return 1
    size = 1 + ITEM * len(value)
    for part in [*value, *value.values()] if isinstance(value, dict) else value:
        if size > enough:
            break
        if isinstance(part, str | dict | list | tuple):
            size += size_of(part, enough - size)
    return size


def _work_within(node: Node, context: RenderContext) -> int:
    said = sum(map(_work_of, node.expressions()))
    inner = node.children(context, include_partials=False)
    return WHATEVER + said + sum(_work_within(child, context) for child in inner)


def _work_of(expression: Expression) -> int:
    own = size_of(expression.value) if isinstance(expression, Literal) else 1
    return own + sum(map(_work_of, expression.children()))
