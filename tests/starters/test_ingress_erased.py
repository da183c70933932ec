"""Mail of somebody who was erased: it still stops and suppresses, and nothing of it is kept."""

from __future__ import annotations

import pytest

from activities.ledger.erasing import (
    Order,
    begin,
    blank_all,
    close_rest,
    records_and_persons,
)
from activities.ledger.tables import inbox, suppressions
from tests.starters.arrivals import ADA, Arrivals
from tests.starters.test_ingress_mail import (
    ANSWERS,
    AUTOMATIC,
    MORE,
    REMOVE,
    bounce,
    complaint,
    letter,
)
from tests.starters.test_ingress_mail import arrivals as arrivals


@pytest.mark.parametrize(
    "raw",
    [
        letter(MORE, ANSWERS),
        letter(MORE),
        letter(REMOVE),
        letter("We got your mail.", AUTOMATIC),
        bounce("5.1.1"),
        complaint(),
    ],
)
async def test_a_mail_of_somebody_who_was_erased_is_heard_and_not_kept(
    arrivals: Arrivals, raw: bytes
) -> None:
    async with arrivals.ledger.reading() as tx:
        whose = await records_and_persons(arrivals.ledger, tx, "default", ADA)
    order = Order("default", *whose, by="Eva", why="ticket 7")
    await begin(arrivals.ledger, order, arrivals.connections)
    await close_rest(arrivals.ledger, order, arrivals.connections)
    await blank_all(arrivals.ledger, order)
    assert (await arrivals.post_mail(raw)).status_code == 200
    kept = await arrivals.rows(inbox, "data", "lead")
    assert not [data for data, _ in kept if {"text", "from", "subject", "recipient"} & {*data}]
    assert ("erased",) in await arrivals.rows(suppressions, "reason")
