"""Turns in a pool: even, in order, and kept through edits of the pool."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from pydantic import ValidationError

from activities.ledger import Ledger
from activities.ledger.connections import Pool
from activities.ledger.turns import Turn, lock_of, take_turn

KIM, LEE, ROB, SUE = (f"{name}@dripstone.example" for name in ("kim", "lee", "rob", "sue"))


def pool(*users: str, away: tuple[str, ...] = ()) -> Pool:
    members = [{"user": user, "available": user not in away} for user in users]
    return Pool.model_validate({"members": members})


async def turn(ledger: Ledger, of: Pool, name: str = "sales") -> Turn | None:
    async with ledger.transaction(lock_of("default", name)) as tx:
        return await take_turn(tx, "default", name, of)


async def users(ledger: Ledger, of: Pool, count: int) -> list[str]:
    taken = [await turn(ledger, of) for _ in range(count)]
    return [one.user for one in taken if one]


async def test_each_takes_a_turn_in_order_and_pools_do_not_share_them(ledger: Ledger) -> None:
    assert await users(ledger, pool(KIM, LEE, ROB), 4) == [KIM, LEE, ROB, KIM]
    other = await turn(ledger, pool(KIM, LEE, ROB), "service")
    assert other == Turn(KIM, ())


async def test_many_at_once_are_dealt_out_evenly(ledger: Ledger) -> None:
    team = pool(KIM, LEE, ROB)
    taken = await asyncio.gather(*(turn(ledger, team) for _ in range(20)))
    counts = Counter(one.user for one in taken if one).values()
    assert (sum(counts), max(counts) - min(counts)) == (20, 1)


async def test_who_is_not_available_is_passed_over_and_named(ledger: Ledger) -> None:
    team = pool(KIM, LEE, ROB, away=(LEE,))
    assert await users(ledger, team, 1) == [KIM]
    assert await turn(ledger, team) == Turn(ROB, (LEE,))
    assert await turn(ledger, pool(KIM, LEE, away=(KIM, LEE))) is None
    assert await users(ledger, pool(KIM, LEE, ROB), 2) == [KIM, LEE]


async def test_an_edit_of_the_pool_keeps_the_turn(ledger: Ledger) -> None:
    assert await users(ledger, pool(KIM, LEE, ROB), 2) == [KIM, LEE]
    assert await users(ledger, pool(SUE, KIM, LEE, ROB), 1) == [ROB]
    assert await users(ledger, pool(SUE, KIM, LEE), 2) == [SUE, KIM]  # the place of the one gone
    assert await users(ledger, pool(SUE, LEE), 1) == [LEE]


def test_a_pool_names_everybody_once() -> None:
    with pytest.raises(ValidationError, match="somebody is there twice"):
        pool(KIM, LEE, KIM)
