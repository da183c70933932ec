"""Steps at platforms that may not, or can no longer, be done: what the enrollment is told."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.ledger import Ledger
from activities.ledger.connections import CenterConnections, Connections, HubspotWrites
from activities.ledger.tables import effects
from activities.platforms import Platforms
from activities.pushing import Pushes
from tests.activities.ledger.scenes import a_lead, enter, make, rows
from workflows.engine.platform_effects import Push

HUBSPOT = CenterConnections(hubspot=HubspotWrites(writable_fields=("email",)))


def push(enrollment: str, field: str) -> Push:
    about: dict[str, Any] = {"enrollment": enrollment, "entry": 1, "step": "share", "visit": 1}
    return Push(**about, kind="push", system="hubspot", fields={field: "email"})


@pytest.mark.parametrize(
    ("center", "field", "said", "states"),
    [
        (HUBSPOT, "phone", "'phone' not among the writable_fields of hubspot", []),
        (CenterConnections(), "email", "the center has no 'hubspot' in the connections file", []),
        (HUBSPOT, "email", "set DRIPSTONE_HUBSPOT__TOKEN, then retry", ["NOT_SENT"]),
    ],
)
async def test_what_may_not_be_written_or_has_no_connection_any_more_parks_and_says_why(
    ledger: Ledger, center: CenterConnections, field: str, said: str, states: list[str]
) -> None:
    await make(ledger)
    enrollment = await enter(ledger, a_lead(ledger))
    pushes = Pushes(ledger, Connections(centers={"default": center}), Platforms())
    with pytest.raises(ApplicationError, match=said) as caught:
        await pushes.push(push(enrollment, field))
    assert (caught.value.type, caught.value.non_retryable) == ("Never", True)
    assert [row["state"] for row in await rows(ledger, effects)] == states


async def test_a_field_that_is_not_allowed_is_logged_by_its_name(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    await make(ledger)
    enrollment = await enter(ledger, a_lead(ledger))
    pushes = Pushes(ledger, Connections(centers={"default": HUBSPOT}), Platforms())
    with pytest.raises(ApplicationError):
        await pushes.push(push(enrollment, "phone"))
    assert "push refused: hubspot: not_writable: step 'share': 'phone'" in caplog.text
    assert "example.com" not in caplog.text
