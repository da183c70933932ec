"""What is said of an automation file about consents, senders and caps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.starters.mistakes import HEAD, MAIL_STEP
from tests.starters.test_definitions import EVERYTHING, told

ASKS = replace(EVERYTHING, consents={"default": ("newsletter",)})
SENDS = "steps:\n" + MAIL_STEP
CALLS = (
    "steps:\n- {id: a, kind: http_call, connection: scoring, method: POST, body: Hi, "
    "reaches_lead: true}\n"
)
IGNORE = "{ignore: true, reason: they have bought it, approved_by: Ada Fox}"
WINDOW = "campaign: {engagement_window: 1 day, "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"consent: {{needs: [newsletter]}}\n{SENDS}", []),
        (SENDS, ["error", "asks people for consents (newsletter)"]),
        (CALLS, ["error", "asks people for consents (newsletter)"]),
        (f"consent: {{needs: [newsletter]}}\n{CALLS}", []),
        (f"consent: {{needs: [news]}}\n{SENDS}", ["error", "asks for no consent 'news'"]),
        (f"consent: {IGNORE}\n{SENDS}", ["warning", "approved by Ada Fox: they have bought it"]),
        ("consent: {ignore: true}\n" + SENDS, ["error", "needs a 'reason' and 'approved_by'"]),
        ("steps:\n- {id: a, kind: wait, for: 1 day}\n", []),  # it sends nothing
        (
            f"consent: {{needs: [newsletter]}}\n{WINDOW}senders: [default, bob]}}\n{SENDS}",
            ["error", "has no mailbox 'bob'"],
        ),
        (
            f"consent: {{needs: [newsletter]}}\n{WINDOW}caps: {{frequency_cap: 3}}}}\n{SENDS}",
            ["error", "write it like '3 per 7 days'"],
        ),
        (
            f"consent: {{needs: [newsletter]}}\n{WINDOW}caps: {{frequency_cap: 3 per 7 days, "
            f"per_day: 50, max_sends: 4, max_lateness: 2 days}}}}\n{SENDS}",
            [],
        ),
    ],
)
def test_what_the_gate_asks_for_is_checked(text: str, expected: list[str], tmp_path: Path) -> None:
    findings = told(tmp_path, HEAD + text, ASKS)
    assert len(findings) == (1 if expected else 0), findings
    assert all(part in str(findings[0]) for part in expected)


def test_where_nobody_is_asked_for_consents_none_need_be_named(tmp_path: Path) -> None:
    assert told(tmp_path, HEAD + SENDS, EVERYTHING) == ()
    assert told(tmp_path, HEAD + SENDS, replace(ASKS, consents={"default": ()})) == ()
