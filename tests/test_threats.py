"""What the page of threats says proves a defence is there to prove it, and none is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in (ROOT / "docs/threats.md").read_text().splitlines()
    if re.match(r"\| \d+ \|", line)
]
TESTS = sorted({test for row in ROWS for test in re.findall(r"`([\w/]+(?:\.py|::\w+))`", row[3])})


def test_each_of_the_25_threats_has_one_line_with_a_defence_and_a_test() -> None:
    assert [int(row[0].strip("| ")) for row in ROWS] == list(range(1, 26))
    for number, threat, defence, tests, *_ in ROWS:
        assert min(len(threat), len(defence)) > 10, number
        assert "`" in tests, number


@pytest.mark.parametrize("test", TESTS)
def test_the_test_that_proves_a_defence_exists(test: str) -> None:
    file, _, name = test.partition("::")
    text = (ROOT / "tests" / f"{file.removesuffix('.py')}.py").read_text()
    assert f"def {name}(" in text if name else "def test_" in text


def test_every_test_that_the_page_names_is_looked_for() -> None:
    """What looks like a test and is written otherwise would be passed over."""
    named = sum(len(re.findall(r"`[^`]*test_[^`]*`", row[3])) for row in ROWS)
    found = sum(len(re.findall(r"`[\w/]+(?:\.py|::\w+)`", row[3])) for row in ROWS)
    assert named == found > 80
