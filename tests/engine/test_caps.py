"""The blocks for caps, senders and consents: what they take, and how leads are dealt out."""

from __future__ import annotations

from collections import Counter

import pytest
from pydantic import ValidationError

from workflows.engine.campaign import Campaign
from workflows.engine.consent import Consent

SENDERS = ("ada", "bob", "eve")


def test_leads_are_dealt_out_to_the_senders_and_each_keeps_its_own() -> None:
    campaign = Campaign.model_validate({"engagement_window": "9 days", "senders": SENDERS})
    dealt = [campaign.sender_for(f"enrollment:spring:crm-{n}", 1) for n in range(300)]
    assert dealt == [campaign.sender_for(f"enrollment:spring:crm-{n}", 1) for n in range(300)]
    counts = Counter(dealt)
    assert set(counts) == set(SENDERS)
    assert min(counts.values()) > 70
    alone = Campaign.model_validate({"engagement_window": "9 days"})
    assert alone.sender_for("enrollment:spring:crm-1", 1) == "default"


@pytest.mark.parametrize(
    ("block", "says"),
    [
        ({}, "name the consents"),
        ({"needs": ["a"], "ignore": True}, "not both"),
        ({"ignore": True}, "needs a 'reason'"),
        ({"ignore": True, "reason": "they are our customers"}, "needs a 'reason' and 'approved_by"),
        ({"ignore": True, "approved_by": "Ada"}, "needs a 'reason'"),
        ({"ignore": True, "reason": "because", "approved_by": "Ada"}, "at least 10 characters"),
        ({"needs": ["a"], "approved_by": "Ada"}, "go with 'ignore: true'"),
        ({"needs": ["News Letter"]}, "match pattern"),
    ],
)
def test_ignoring_consents_is_never_a_slip(block: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Consent.model_validate(block)
