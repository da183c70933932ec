"""What the coverage page says proves a row is there to prove it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROWS = re.findall(
    r"^\| ([A-Z]\d?-\d+) \| `([^`]+)` \|", (ROOT / "docs/coverage.md").read_text(), re.M
)


def test_each_row_is_named_once() -> None:
    names = [row for row, _ in ROWS]
    assert len(names) > 100
    assert sorted({name for name in names if names.count(name) > 1}) == []


@pytest.mark.parametrize("test", sorted({test for _, test in ROWS}))
def test_the_test_that_proves_a_row_exists(test: str) -> None:
    file, _, name = test.partition("::")
    text = (ROOT / "tests" / f"{file.removesuffix('.py')}.py").read_text()
    assert f"def {name}(" in text if name else "def test_" in text
