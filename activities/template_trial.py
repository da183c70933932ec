"""Filling a template in for leads that there are not, to see what would come of it.

One lead has every field, the other none that may be empty. What cannot be filled in for either,
perhaps because it reckons with a number, is left to rehearsals and to the mail itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from activities.mail_footer import Footer
from activities.template_tags import merge_fields_of
from activities.templates import (
    BeyondLimits,
    Part,
    Template,
    TemplateProblem,
    parts_of,
    render_part,
)

_FOOTER = Footer("https://unsubscribe.invalid/u/sample", "1 Sample Street, Sampleton")
_FIELD_OF_LEAD = re.compile(r"""lead(?:\.|\[['"])([^.\[\]'"]+)""")


def trial_problems(template: Template) -> list[str]:
    """What would be wrong with the mails of a template; one entry for each part and reason.

    Raises TemplateProblem when the template is not valid Liquid.
    """
    named = merge_fields_of(template)
    problems = {}
    for when, fields in _samples(template).items():
        for part, _ in parts_of(template):
            try:
                body = render_part(template, part, fields)
            except BeyondLimits as problem:
                problems[part, ""] = str(problem)
            except TemplateProblem:
                continue
            else:
                for field in _FOOTER.missing_of(part, body) if part != "subject" else ():
                    if field in named:
                        problems.setdefault((part, field), _lacks(template, part, field, when))
    return list(problems.values())


def refuse_too_much(template: Template) -> None:
    """Fill a text in for the leads that there are not. Raises BeyondLimits."""
    for fields in _samples(template).values():
        for part, _ in parts_of(template):
            try:
                render_part(template, part, fields)
            except BeyondLimits:
                raise
            except TemplateProblem:
                continue


def _lacks(template: Template, part: Part, field: str, when: str) -> str:
    name = {"html": "HTML"}.get(part, part)
    return (
        f"template {template.name}: the {name} part lacks {{{{ {field} }}}}{when}; write it into "
        "each part, where every reader sees it: with a space behind it, and outside of conditions, "
        "comments and what is hidden"
    )


def _samples(template: Template) -> Mapping[str, Mapping[str, object]]:
    """What a template is filled in with, by when that would be, in words."""
    may_be_missing: dict[str, bool] = {}
    for path, may_be in merge_fields_of(template).items():
        if found := _FIELD_OF_LEAD.match(path):
            may_be_missing[found[1]] = may_be and may_be_missing.get(found[1], True)
    return {
        "": _fields(frozenset()),
        " for a lead with empty fields": _fields(
            frozenset(name for name, may_be in may_be_missing.items() if may_be)
        ),
    }


def _fields(without: frozenset[str]) -> Mapping[str, object]:
    return {
        "lead": _Lead(without),
        "sender": {
            "name": "Sample Sender",
            "address": "sender@sample.invalid",
            "postal_address": _FOOTER.postal_address,
        },
        "unsubscribe_url": _FOOTER.unsubscribe_url,
    }


class _Lead(dict[str, object]):
    """A lead that has every field but those it is without."""

    def __init__(self, without: frozenset[str]) -> None:
        super().__init__()
        self._without = without

    def __missing__(self, name: str) -> object:
        if name in self._without:
            raise KeyError(name)
        return _Anything("sample")


class _Anything(str):
    """A text that has every field, too."""

    __slots__ = ()

    def __getitem__(self, key: object) -> str:
        if key in ("size", "first", "last") or not isinstance(key, str):
            raise TypeError
        return self
