"""What publishing needs of the activities: template files, read and examined one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from activities.ledger.publishing import TemplateText
from activities.sms_text import MANY_SEGMENTS, Segments, segments_of
from activities.template_files import read_template
from activities.templates import Template, TemplateProblem, check, merge_fields_of

__all__ = ["MANY_SEGMENTS", "Segments", "Templates", "Words", "examine_words", "read_templates"]


_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.S)


@dataclass(frozen=True, slots=True)
class Templates:
    """The templates of a directory. ``fields``: each merge field, and whether it may be missing.

    ``problems`` has, by name, what is wrong with those that cannot be used.
    """

    texts: Mapping[str, TemplateText] = field(default_factory=dict)
    fields: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    problems: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def named(self, names: Iterable[str]) -> list[TemplateText]:
        """The texts of these templates, once each, in order."""
        return [self.texts[name] for name in sorted(set(names))]


@dataclass(frozen=True, slots=True)
class Words:
    """A text that stands in a step itself. ``size`` is that of what is there before any lead.

    ``fields`` as in ``Templates``; ``problems`` is what is wrong with its Liquid.
    """

    fields: Mapping[str, bool]
    problems: tuple[str, ...]
    size: Segments


def examine_words(step: str, text: str) -> Words:
    """Look at the text of a step; merge fields count for nothing, tags neither."""
    template = Template(name=step, subject="-", text=text, html=None)
    bare = _LIQUID.sub("", text)
    try:
        fields = merge_fields_of(template)
    except TemplateProblem as problem:
        return Words({}, (str(problem),), segments_of(bare))
    return Words(fields, tuple(check(template, fields)), segments_of(bare))


def read_templates(directory: Path) -> Templates:
    """Read ``NAME.liquid`` in ``directory``; one that cannot be used does not hide the others.

    Raises:
        OSError: a file cannot be read. A directory that is not there has no templates.
    """
    texts: dict[str, TemplateText] = {}
    fields: dict[str, Mapping[str, bool]] = {}
    problems: dict[str, tuple[str, ...]] = {}
    for path in sorted(directory.glob("*.liquid")):
        try:
            template = read_template(path)
            named = merge_fields_of(template)
        except TemplateProblem as problem:
            problems[path.stem] = (str(problem),)
            continue
        # Which fields there are is asked once the automation that uses the template is known.
        wrong = check(template, named)
        if wrong:
            problems[path.stem] = tuple(wrong)
            continue
        texts[path.stem] = TemplateText(path.stem, template.subject, template.text, template.html)
        fields[path.stem] = named
    return Templates(texts, fields, problems)
