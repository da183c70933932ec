"""Every check there is, by the name that stands behind its findings. docs/checks.md shows it."""

from __future__ import annotations

from starters.definitions.check import About
from starters.definitions.checks import CHECKS

YAML = About(
    "yaml",
    "error",
    "What is no plain YAML: anchors, aliases, merge keys, tags, a key twice, a second document; "
    "more than 256 KB, 20,000 values or 20 levels.",
    "write values out, split the file up",
)
FIELDS = About(
    "fields",
    "error",
    "Fields that are unknown, missing, or have a value that cannot be.",
    "the message names what is known and what is meant",
)
GRAPH = About(
    "step-ids",
    "error",
    "Ids of steps that are there twice, and ways that lead to no step.",
    "give each step an id of its own, and name steps that are there",
)
SECRETS = About(
    "secrets",
    "error",
    "Tokens, keys and passwords of a known form, in the file, its comments or a template.",
    "take them out, name a connection or a variable of the environment, have them replaced",
)
LIKELY_SECRETS = About(
    "likely-secrets",
    "warning",
    "What is called a password, token or key and looks random.",
    "the same, if it is one",
)
TEMPLATE_FILES = About(
    "template-files",
    "error",
    "Template files that cannot be used: invalid Liquid, a front that cannot be read, a theme that "
    "is not there, what every mail must say in one of its two parts only.",
    "the message names the file and its line",
)
TEMPLATE_STATES = About(
    "template-states",
    "error",
    "At publish: templates that are drafts, not active, or deactivated.",
    "give `dripstone template review NAME` and `dripstone template activate NAME`",
)

ABOUT = (
    *(YAML, FIELDS, GRAPH, SECRETS, LIKELY_SECRETS, TEMPLATE_FILES, TEMPLATE_STATES),
    *(check.about for check in CHECKS),
)


def as_markdown() -> str:
    """The table of the documentation, errors first, then by name."""
    lines = ["| check | finds | mend |", "|---|---|---|"]
    for severity in ("error", "warning"):
        for one in sorted(ABOUT, key=lambda about: about.name):
            if one.severity == severity:
                mend = one.mend[:1].upper() + one.mend[1:]
                cells = [one.finds, f"{mend}."]
                # A bar within a cell would end it.
                told = " | ".join(cell.replace("|", "\\|") for cell in cells)
                lines.append(f"| `{one.name}` ({severity}) | {told} |")
    return "\n".join(lines) + "\n"
