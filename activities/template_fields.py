"""Which merge fields a parsed template uses, where, and where a lead may lack them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from liquid import BoundTemplate, RenderContext
from liquid.ast import ConditionalBlockNode, Node
from liquid.builtin.expressions import FilteredExpression, LoopExpression, Path
from liquid.builtin.expressions.primitive import Literal
from liquid.builtin.tags.if_tag import IfNode
from liquid.expression import Expression


@dataclass(frozen=True, slots=True)
class FieldUse:
    """One use of a merge field: its dotted path, and the character of the source it begins at.

    ``default`` is what stands there instead if it is missing; None if that is no plain value.
    """

    path: str
    index: int
    may_be_missing: bool
    default: str | None = None


def field_uses(template: BoundTemplate) -> Iterator[FieldUse]:
    """Every use of a merge field (names that the template itself assigns are left out).

    A field may be missing where a ``default`` follows, where it is only asked about (``if``),
    and inside an ``if`` block that asked about it.
    """
    context = RenderContext(template)
    covered = set(_covered(template.nodes, context, frozenset()))
    defaults = dict(_defaults(template.nodes, context))
    for variables in template.analyze(include_partials=False).globals.values():
        for variable in variables:
            index = variable.span.index
            yield FieldUse(str(variable), index, index in covered, defaults.get(index))


def _covered(nodes: Iterable[Node], context: RenderContext, asked: frozenset[str]) -> Iterator[int]:
    for node in nodes:
        for expression in node.expressions():
            yield from _covered_in(expression, asked)
        for child in node.children(context, include_partials=False):
            asked_here = asked | _asked_before(node, child)
            yield from _covered([child], context, asked_here)


def _defaults(nodes: Iterable[Node], context: RenderContext) -> Iterator[tuple[int, str]]:
    for node in nodes:
        for expression in node.expressions():
            if isinstance(expression, FilteredExpression) and isinstance(expression.left, Path):
                given = _plain_default(expression)
                if given is not None:
                    yield expression.left.token.start_index, given
        yield from _defaults(node.children(context, include_partials=False), context)


def _plain_default(expression: FilteredExpression) -> str | None:
    """What the last ``default`` says, which is what counts if the ones before it are missing."""
    for one in reversed(expression.filters or ()):
        value = getattr(one.args[0], "value", None) if one.name == "default" and one.args else None
        if isinstance(value, Literal) and value.value is not None:
            return str(value.value)
    return None


def _asked_before(node: Node, child: Node) -> frozenset[str]:
    if isinstance(node, IfNode) and child is node.consequence:
        return frozenset(str(path) for path in _paths(node.condition))
    if isinstance(node, ConditionalBlockNode):
        return frozenset(str(path) for path in _paths(node.expression))
    return frozenset()


def _covered_in(expression: Expression, asked: frozenset[str]) -> Iterator[int]:
    defaulted = isinstance(expression, FilteredExpression) and any(
        f.name == "default" for f in expression.filters or ()
    )
    is_question = not isinstance(expression, FilteredExpression | LoopExpression)
    for path in _paths(expression):
        is_defaulted = defaulted and path is getattr(expression, "left", None)
        if is_question or is_defaulted or str(path) in asked:
            yield path.token.start_index


def _paths(expression: Expression) -> Iterator[Path]:
    if isinstance(expression, Path):
        yield expression
    for child in expression.children():
        yield from _paths(child)
