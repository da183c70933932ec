"""Scripts of rehearsals that are wrong: what, on which line, and how to mend it."""

from __future__ import annotations

import pytest

from tests.starters.commands import Commands
from tests.starters.rehearsals import LEADS, MONDAY

CAMPAIGN = """\
id: spring
name: A test
trigger: {kind: manual}
campaign: {engagement_window: 30 days}
steps:
  - {id: check, kind: approval, of: first}
  - {id: first, kind: send_email, template: intro}
  - {id: score, kind: http_call, connection: crm, method: GET, path: /score}
  - {id: hope, kind: wait_for, events: [prices_viewed], timeout: 5 days}
  - {id: second, kind: send_email, template: follow_up}
"""
REPLY = "events:\n- {at: 1 day, lead: x-1, event: reply}\n"
BAD = {
    "no time": (
        "events:\n- {at: soon, lead: x-1, event: reply}\n",
        "script.yaml:2: 'events.1.at': 'soon' is no time: write a duration",
    ),
    "a kind with a capital": (
        REPLY + "- {at: 1 day, lead: x-1, event: Reply}\n",
        "script.yaml:3: 'events.2.event' is 'Reply', but must be a kind of event: small letters",
    ),
    "a field that is missing": (
        "events:\n- {at: 1 day, event: reply}\n",
        "script.yaml:2: 'events.1.lead' is missing: add it",
    ),
    "a field that is misspelt": (
        "events:\n- {at: 1 day, led: x-1, event: reply}\n",
        "script.yaml:2: unknown field 'led': did you mean 'lead'?; known are at, lead, event",
    ),
    "a group that is misspelt": (
        "evnets: []\n",
        "script.yaml:1: unknown field 'evnets': did you mean 'events'?",
    ),
    "a vendor that is none": (
        "outages:\n- {vendor: smpt, from: 1 day, to: 2 days}\n",
        "script.yaml:2: 'outages.1.vendor' must be 'smtp', 'salesforce'",
    ),
    "an event near a known one": (
        "events:\n- {at: 1 day, lead: x-1, event: repply}\n",
        "script.yaml:2: nothing acts on an event 'repply': did you mean 'reply'?",
    ),
    "an event near one of the automation": (
        "events:\n- at: 1 day\n  lead: x-1\n  event: price_viewed\n",
        "script.yaml:4: nothing acts on an event 'price_viewed': did you mean 'prices_viewed'?",
    ),
    "an outage the wrong way round": (
        "outages:\n- {vendor: smtp, from: 2 days, to: 1 day}\n",
        "script.yaml:2: the outage of smtp ends before it begins: put 'to' behind 'from'",
    ),
    "an outage between two sorts of time": (
        'outages:\n- {vendor: smtp, from: 1 day, to: "2026-03-02T10:00:00+01:00"}\n',
        "script.yaml:2: the outage of smtp ends before it begins",
    ),
    "an answer to no step": (
        "http:\n  scroe: {status: 200}\n",
        "script.yaml:2: there is no step 'scroe' of kind http_call: did you mean 'score'?",
    ),
    "a review of no step": (
        "reviews:\n- {step: nosuch}\n",
        "script.yaml:2: there is no step 'nosuch' whose mails wait for an approval: there are: f",
    ),
    "a review of a step that nobody reviews": (
        "reviews:\n- {step: second}\n",
        "there is no step 'second' whose mails wait",
    ),
}
FINE = (
    "events:\n"
    "- {at: 1 day, lead: x-1, event: prices_viewed}\n"
    "- {at: 1 day, lead: '*', event: pool_party}\n"
    "- {at: 1 day, lead: x-2, event: unsubscribed}\n"
    "http:\n  score: {status: 200}\n"
    "reviews:\n- {step: first, verdict: approved}\n"
    "outages:\n- {vendor: slack, from: 1 day, to: 2 days}\n"
)


def rehearsed(cut_off: Commands, script: str) -> tuple[int, str]:
    files = (
        cut_off.file("spring.yaml", CAMPAIGN),
        *("--leads", cut_off.file("leads.csv", LEADS)),
        *("--script", cut_off.file("script.yaml", script)),
    )
    done = cut_off("rehearse", *files, "--engine", "--json", "--from", MONDAY)
    return done.status, done.err


@pytest.mark.parametrize("mistake", BAD)
def test_a_script_that_is_wrong_is_refused_with_its_line(cut_off: Commands, mistake: str) -> None:
    script, said = BAD[mistake]
    status, told = rehearsed(cut_off, script)
    assert (status, said in told) == (1, True), told


def test_all_mistakes_of_a_script_are_told_at_once(cut_off: Commands) -> None:
    script = "http: {scroe: {}}\nreviews:\n- {step: nosuch}\n"
    _, told = rehearsed(cut_off, script)
    assert "script.yaml:1:" in told
    assert "script.yaml:3:" in told


def test_a_script_that_fits_is_played(cut_off: Commands) -> None:
    status, told = rehearsed(cut_off, FINE)
    assert "script.yaml" not in told
    assert status in (0, 1), told
