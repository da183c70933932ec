"""What publishing needs of the activities: template files, read and examined one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from activities.ledger.publishing import TemplateText
from activities.template_files import read_template
from activities.templates import Template, TemplateProblem, check, merge_fields_of


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


def examine_text(name: str, text: str) -> tuple[Mapping[str, bool], str]:
    """The merge fields of a text in a step, as ``Templates`` has them; or what is wrong with it."""
    try:
        return merge_fields_of(Template(name=name, subject="-", text=text)), ""
    except TemplateProblem as problem:
        return {}, str(problem)


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
