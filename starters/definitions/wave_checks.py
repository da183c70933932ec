"""Checks of how a campaign is let in: waves that go round their own purpose."""

from __future__ import annotations

from collections.abc import Iterator

from starters.definitions.check import check
from starters.definitions.draft import Draft, Found
from workflows.engine.waves import Waves

PLACE = ("campaign", "waves")


@check("warning", "make the trigger manual: launch lets leads in")
def waves_beside_a_trigger(draft: Draft) -> Iterator[Found]:
    """Waves of a campaign that a trigger lets leads into as well, all at once."""
    if _waves(draft) and draft.automation and draft.automation.trigger.kind != "manual":
        kind = draft.automation.trigger.kind
        message = (
            f"leads that the trigger {kind!r} lets in are in no wave: they enter at once, and no "
            "halt of a wave is about them; make the trigger manual"
        )
        yield PLACE, "warning", message


@check("warning", "make the first wave larger, or minimum_sample smaller")
def first_wave_too_small(draft: Draft) -> Iterator[Found]:
    """A first wave of fewer leads than it takes to judge it: the second follows unjudged."""
    waves = _waves(draft)
    first, least = (waves.sizes[0], waves.halt_at.minimum_sample) if waves else (0, 0)
    if isinstance(first, int) and first < least:
        message = (
            f"the first wave has {first} leads, and nothing is judged of fewer than {least} mails "
            "(halt_at.minimum_sample): the second wave follows before the first can be judged"
        )
        yield PLACE, "warning", message


def _waves(draft: Draft) -> Waves | None:
    campaign = draft.automation.campaign if draft.automation else None
    return campaign.waves if campaign else None
