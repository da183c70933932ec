"""Rehearsals of one campaign and two leads, as tests change them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.starters.commands import Commands, Result

CAMPAIGN = """\
id: {name}
name: A test
trigger: {{kind: manual}}
campaign: {{engagement_window: 30 days, {more}}}
steps:
  - {{id: first, kind: send_email, template: intro}}
  - {{id: pause, kind: wait, for: {pause}}}
  - {{id: second, kind: send_email, template: follow_up}}
  - {{id: hope, kind: wait_for, events: [prices_viewed], timeout: 5 days}}
"""
LEADS = """\
id,email,first_name,company,zone
x-1,ada@quarry.example,Ada,Quarry,Europe/Berlin
x-2,bob@slate.example,Bob,Slate,America/New_York
"""
MONDAY = "2026-03-02T09:00:00+01:00"


class Rehearsals:
    """Rehearsals of one campaign and two leads, changed as a test needs it."""

    def __init__(self, dripstone: Commands) -> None:
        self.dripstone = dripstone
        self.leads = dripstone.file("leads.csv", LEADS)

    def campaign(self, name: str = "spring", pause: str = "3 days", more: str = "") -> str:
        """A file of the campaign."""
        more = more or "send_window: {opens: '09:00'}"
        text = CAMPAIGN.format(name=name, pause=pause, more=more)
        return self.dripstone.file(f"{name}.yaml", text)

    def script(self, *events: str, outages: Sequence[str] = ()) -> str:
        """A file of a script."""
        listed = "".join(f"  - {one}\n" for one in events) or "  []\n"
        down = "".join(f"  - {one}\n" for one in outages) or "  []\n"
        return self.dripstone.file("script.yaml", f"events:\n{listed}outages:\n{down}")

    def __call__(self, *options: str, campaigns: Sequence[str] = ()) -> Result:
        """Rehearse, with a JSON document as the answer."""
        files = campaigns or (self.campaign(),)
        fixed = ("--engine", "--json", "--leads", self.leads, "--from", MONDAY)
        return self.dripstone("rehearse", *files, *fixed, *options)

    def timeline(self, lead: str, *options: str, campaigns: Sequence[str] = ()) -> list[Any]:
        """The timeline of one lead."""
        document = self(*options, campaigns=campaigns).document
        found = [lines for name, lines in document["timelines"].items() if name.endswith(lead)]
        return list(found[0])
