"""What is told of a ledger that failed holds no data of its rows."""

from __future__ import annotations

import traceback

import pytest
from sqlalchemy import insert
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DataConverter

from activities.ledger import Ledger, LedgerUnavailable
from activities.ledger.tables import facts_about_ledger

ADA = "ada@quarry.example"


async def written_twice(ledger: Ledger) -> None:
    row = insert(facts_about_ledger).values(center="default", name=ADA, value="a secret")
    async with ledger.transaction() as tx:
        await tx.execute(row)
        await tx.execute(row)


async def test_why_the_ledger_failed_quotes_no_row(ledger: Ledger) -> None:
    with pytest.raises(LedgerUnavailable) as caught:
        await written_twice(ledger)
    failure = Failure()
    converter = DataConverter.default
    converter.failure_converter.to_failure(caught.value, converter.payload_converter, failure)
    printed = "".join(traceback.format_exception(caught.value))
    for told in (str(caught.value), printed, str(failure)):
        assert ADA not in told
        assert "a secret" not in told
    on_sqlite, elsewhere = "UNIQUE constraint failed", "UniqueViolation (SQLSTATE 23505)"
    assert (on_sqlite if ledger.is_sqlite else elsewhere) in str(caught.value)


async def test_a_ledger_that_cannot_be_reached_says_so() -> None:
    with pytest.raises(LedgerUnavailable, match=r"OperationalError: .*check DRIPSTONE_LEDGER_URL"):
        await Ledger.open("postgresql://nobody@127.0.0.1:1/nothing")
