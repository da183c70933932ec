"""What publishing needs of the activities: template files, read and examined one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from activities.ledger.publishing import TemplateText
from activities.ledger.template_lives import Written
from activities.sms_text import MANY_SEGMENTS, Segments, segments_of
from activities.template_files import read_template
from activities.template_tags import MergeTag, check, merge_fields_of, merge_tags_of
from activities.template_trial import refuse_too_much, trial_problems
from activities.templates import Template, TemplateProblem
from workers.secrets_in_text import Leak, find_leaks

__all__ = [
    "MANY_SEGMENTS",
    "MergeTag",
    "Segments",
    "Templates",
    "read_templates",
    "read_text",
    "segments_of_words",
    "tags_of",
]

_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.S)


@dataclass(frozen=True, slots=True)
class Templates:
    """The templates of a directory. ``fields``: each merge field, and whether it may be missing.

    ``kinds`` are text, basic, themed or custom. ``problems`` has, by name, what is wrong with
    those that cannot be used.
    """

    texts: Mapping[str, TemplateText] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    problems: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tags: Mapping[str, tuple[MergeTag, ...]] = field(default_factory=dict)
    leaks: Mapping[str, tuple[Leak, ...]] = field(default_factory=dict)

    def named(self, names: Iterable[str]) -> list[TemplateText]:
        """The texts of these templates, once each, in order."""
        return [self.texts[name] for name in sorted(set(names))]

    def written(self, names: Iterable[str]) -> list[Written]:
        """The same with their kinds, as they are taken into the ledger."""
        return [Written(text, self.kinds[text.name]) for text in self.named(names)]


def segments_of_words(text: str) -> Segments:
    """How many segments the text message of a step has before any field of a lead is filled in."""
    return segments_of(_LIQUID.sub("", text))


def read_templates(directory: Path) -> Templates:
    """Read ``NAME.liquid`` in ``directory``; one that cannot be used does not hide the others.

    Raises:
        OSError: a file cannot be read. A directory that is not there has no templates.
    """
    texts: dict[str, TemplateText] = {}
    kinds: dict[str, str] = {}
    tags: dict[str, tuple[MergeTag, ...]] = {}
    leaks: dict[str, tuple[Leak, ...]] = {}
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
        wrong = [*check(template, named), *trial_problems(template)]
        if wrong:
            problems[path.stem] = tuple(wrong)
            continue
        texts[path.stem] = TemplateText(path.stem, template.subject, template.text, template.html)
        kinds[path.stem] = template.kind
        leaks[path.stem] = tuple(_leaks(path, template))
        tags[path.stem] = tuple(merge_tags_of(template))
        fields[path.stem] = named
    return Templates(texts, kinds, fields, problems, tags, leaks)


def tags_of(text: TemplateText) -> list[MergeTag]:
    """The merge fields of a text of the ledger, with their defaults."""
    return merge_tags_of(
        Template(name=text.name, subject=text.subject, text=text.text, html=text.html)
    )


def read_text(text: str) -> tuple[Mapping[str, bool], str]:
    """The merge fields of a step's own text, and whether each may be missing; and what is wrong."""
    template = Template(name="-", subject="-", text=text)
    try:
        refuse_too_much(template)
        return merge_fields_of(template), ""
    except TemplateProblem as problem:
        return {}, str(problem).partition(": ")[2]


def _leaks(path: Path, template: Template) -> Iterator[Leak]:
    """Secrets in the file, and in the theme around it."""
    own = list(find_leaks(path.read_text("utf-8-sig")))
    yield from own
    for leak in find_leaks(template.html or "") if template.kind == "themed" else ():
        if leak.what not in {one.what for one in own}:
            yield leak
