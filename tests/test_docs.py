"""The pages lead to one another: none is left out of the index, and no link leads nowhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from starters.verbs import VERBS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
KNOWN = {verb for verbs in VERBS.values() for verb in verbs}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def links_of(page: Path) -> list[str]:
    return re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))


def test_the_index_names_every_page() -> None:
    there = {(DOCS / link).resolve() for link in links_of(DOCS / "README.md")}
    assert [named(page) for page in sorted(DOCS.rglob("*.md")) if page not in there] == [
        "docs/README.md"
    ]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [link for link in links_of(page) if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_verb_that_a_page_names_is_one(page: Path) -> None:
    text = page.read_text("utf-8")
    given = re.findall(r"(?:`|^ *(?:\.venv/bin/)?)dripstone ([a-z][a-z-]+)", text, re.MULTILINE)
    assert sorted(set(given) - KNOWN) == []
