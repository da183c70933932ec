"""No column can be forgotten: each is named once, as personal or not."""

from __future__ import annotations

import pytest

from activities.ledger.personal_columns import NOT_PERSONAL, PERSONAL, ROW
from activities.ledger.tables import metadata


@pytest.mark.parametrize("name", sorted({*metadata.tables, *PERSONAL, *NOT_PERSONAL}))
def test_every_column_is_named_once_as_personal_or_not(name: str) -> None:
    named = [*PERSONAL.get(name, ()), *NOT_PERSONAL.get(name, "").split()]
    assert sorted(named) == sorted(metadata.tables[name].c.keys())


def test_a_row_that_goes_goes_whole() -> None:
    halves = [name for name, how in PERSONAL.items() if 0 < [*how.values()].count(ROW) < len(how)]
    assert halves == []


def test_what_is_left_of_a_column_is_something_that_it_can_hold() -> None:
    broken = [
        f"{name}.{column}"
        for name, how in PERSONAL.items()
        for column, value in how.items()
        if value is None and not metadata.tables[name].c[column].nullable
    ]
    assert broken == []
