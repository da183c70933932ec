"""Caps that are edited while a message is prepared: those in force count when it is claimed."""

from __future__ import annotations

import pytest
from temporalio.exceptions import ApplicationError

from activities.deed import Deed
from activities.ledger import Ledger
from activities.once import do_once
from tests.activities.ledger.messages import KINDS, STEPS, someone_inside
from tests.activities.ledger.scenes import a_lead, enter, make
from tests.activities.ledger.test_mail_gate import OPEN
from workflows.engine.effects import Outcome

PLACES = {"mail": "messaging", "text message": "texting", "call": "http_calls"}


@pytest.mark.parametrize("kind", PLACES)
async def test_a_cap_that_was_acknowledged_holds_for_what_was_prepared_before(
    ledger: Ledger, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, first = await someone_inside(ledger)
    second = await enter(ledger, a_lead(ledger, 2, first_name="B", phone="+12025550124"))
    sender = KINDS[kind](ledger)
    assert (await sender.send(first)).state == "sent"

    async def edited_first(ledger: Ledger, deed: Deed) -> Outcome:
        await make(ledger, campaign=OPEN | {"caps": {"per_day": 1}}, steps=STEPS)
        return await do_once(ledger, deed)

    monkeypatch.setattr(f"activities.{PLACES[kind]}.do_once", edited_first)
    with pytest.raises(ApplicationError) as again:
        await sender.send(second)
    assert (again.value.non_retryable, sender.reached) == (False, 1)
    held = await sender.send(second)
    assert (held.state, held.cause) == ("held", "the campaign has sent its messages of the day")
    assert sender.reached == 1
