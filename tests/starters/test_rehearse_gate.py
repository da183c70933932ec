"""Rehearsals with caps and consents: what the gate will do, all leads on one virtual clock."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from activities.ledger.connections import CenterCaps, CenterConnections, Connections, Mailbox
from starters.rehearse.alone import shared_limits, without_shared_limits
from starters.rehearse.rehearsing import Piece
from tests.starters.commands import ROOT, Commands
from tests.starters.rehearsals import MONDAY
from workers.authoring import Templates
from workflows.engine.automation import Automation

CAMPAIGN = """\
id: spring
name: A test
trigger: {{kind: manual}}
campaign: {{engagement_window: 60 days{more}}}
{consent}
steps:
  - {{id: first, kind: send_email, template: intro}}
  - {{id: pause, kind: wait, for: 20 days}}
  - {{id: second, kind: send_email, template: follow_up}}
"""
CALLED = """\
    http: {accounts: {base_url: "https://accounts.example.com"}}
"""
WITH_TEXTS = CAMPAIGN.replace("kind: send_email, template: follow_up", "kind: send_sms, text: Hi")
HEAD = "id,email,first_name,company,zone,phone,consent_news\n"
ROWS = [f"x-{n},l{n}@q{n % 5}.example,L{n},Q{n},Europe/Berlin,+1202555{n:04}" for n in range(1, 11)]


class Play:
    """Rehearses ten leads, with a mailbox and caps as a test wants them."""

    def __init__(self, cut_off: Commands) -> None:
        self.cut_off = cut_off

    def __call__(
        self,
        more: str = "",
        mailbox: str = "",
        center: str = "",
        consent: str = "",
        campaign: str = CAMPAIGN,
    ) -> Any:
        plain = (ROOT / "config" / "connections.yaml").read_text(encoding="utf-8")
        plain = plain.replace("    zone: UTC\n", f"    zone: UTC\n{center}")
        plain = plain.replace("        name: Ada Fox\n", f"        name: Ada Fox\n{mailbox}")
        connections = self.cut_off.file("connections.yaml", plain)
        file = self.cut_off.file("spring.yaml", campaign.format(more=more, consent=consent))
        cells = [f"{row},{'' if n % 2 else 'yes 2026-01-05'}" for n, row in enumerate(ROWS)]
        leads = self.cut_off.file("leads.csv", HEAD + "\n".join(cells) + "\n")
        script = self.cut_off.file("script.yaml", "events:\n  []\n")
        fixed = ("--engine", "--json", "--show", "10", "--from", MONDAY, "--script", script)
        return self.cut_off(
            "rehearse", file, "--leads", leads, *fixed, DRIPSTONE_CONNECTIONS=connections
        ).document


@pytest.fixture
def play(cut_off: Commands) -> Play:
    return Play(cut_off)


def times(document: Any, step: str = "first") -> list[datetime]:
    """When the messages of a step left, in order."""
    lines = [line for lines in document["timelines"].values() for line in lines]
    sent = [line for line in lines if line["kind"] in ("mail", "sms") and line["step"] == step]
    return sorted(datetime.fromisoformat(line["at"]) for line in sent)


def a_day(document: Any) -> Counter[str]:
    return Counter(one.date().isoformat() for one in times(document))


def test_without_caps_all_leave_at_once(play: Play) -> None:
    assert a_day(play()) == {"2026-03-02": 10}


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ({"mailbox": "        per_day: 3\n"}, "the mailbox has sent its mails of the day"),
        ({"more": ", caps: {per_day: 3}"}, "the campaign has sent its messages of the day"),
    ],
)
def test_a_cap_a_day_drains_over_the_days(play: Play, given: Any, cause: str) -> None:
    document = play(**given)
    days = ("2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05")
    assert a_day(document) == dict(zip(days, (3, 3, 3, 1), strict=True))
    assert document["gate"][f"held: {cause}"] >= 7
    assert document["exits"] == {"completed": 10}


def test_a_gap_lets_one_mail_out_after_the_other(play: Play) -> None:
    left = times(play(mailbox="        min_gap: 30 minutes\n"))
    assert [one - left[0] for one in left] == [n * timedelta(minutes=30) for n in range(10)]


def test_a_company_gets_so_many_a_day(play: Play) -> None:
    assert a_day(play(center="    caps: {per_company_per_day: 1}\n")) == {
        "2026-03-02": 5,
        "2026-03-03": 5,
    }


def test_a_frequency_cap_moves_the_next_mail(play: Play) -> None:
    document = play(center="    caps: {frequency_cap: 1 per 30 days}\n")
    first, second = times(document), times(document, "second")
    assert all(b - a >= timedelta(days=30) for a, b in zip(first, second, strict=True))
    assert (times(play(), "second")[0] - first[0]).days < 30  # the control


def test_text_messages_have_the_caps_that_mails_have(play: Play) -> None:
    document = play(campaign=WITH_TEXTS, center="    caps: {frequency_cap: 1 per 30 days}\n")
    first, second = times(document), times(document, "second")
    assert len(second) == 10
    assert all(b - a >= timedelta(days=30) for a, b in zip(first, second, strict=True))
    ends = play(campaign=WITH_TEXTS, more=", caps: {max_sends: 1}")
    assert (times(ends, "second"), ends["exits"]) == ([], {"completed": 10})
    assert len(times(play(campaign=WITH_TEXTS), "second")) == 10  # the control


def test_consents_are_asked_for_at_the_entry(play: Play) -> None:
    document = play(consent="consent: {needs: [news]}")
    assert document["entered"] == 5
    assert document["refused"] == {"spring: no consent 'news' for email": 5}


def test_a_call_that_reaches_the_lead_asks_for_consents_as_in_earnest(play: Play) -> None:
    call = "kind: http_call, connection: accounts, method: POST, path: /m, reaches_lead: true"
    mail = "kind: send_email, template: "
    alone = CAMPAIGN.replace(f"{mail}intro", call).replace(f"{mail}follow_up", call)
    document = play(campaign=alone, consent="consent: {needs: [news]}", center=CALLED)
    assert document["refused"] == {"spring: no consent 'news' for any channel": 5}


def test_limits_that_leads_share_are_named_where_each_is_alone() -> None:
    box = Mailbox(name="A", address="a@q.example", postal_address="1 Lane", per_day=9)
    box = box.model_copy(update={"min_gap": timedelta(minutes=1)})
    caps = CenterCaps.model_validate({"frequency_cap": "3 per 7 days", "per_company_per_day": 2})
    center = CenterConnections(mailboxes={"default": box}, caps=caps)
    definition = Automation.model_validate(
        {
            "id": "spring",
            "name": "Spring",
            "trigger": {"kind": "manual"},
            "campaign": {"engagement_window": "9 days", "caps": {"per_day": 5, "max_sends": 2}},
            "steps": [{"id": "a", "kind": "end"}],
        }
    )
    connections = Connections(centers={"default": center})
    piece = Piece((definition,), Templates(), connections, datetime.fromisoformat(MONDAY))
    assert shared_limits(piece) == [
        "mailbox default: 9 mails a day",
        "mailbox default: one mail after the other",
        "campaign spring: 5 messages a day",
        "messages a day to one company",
    ]
    alone = without_shared_limits(piece)
    assert shared_limits(alone) == []
    kept = alone.connections.of("default").caps.frequency_cap
    assert kept == caps.frequency_cap
    assert alone.automations[0].campaign
    assert alone.automations[0].campaign.caps.max_sends == 2
    assert replace(alone, automations=piece.automations, connections=connections) == piece
