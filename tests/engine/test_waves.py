"""Waves: how an audience is divided, and which signs halt a wave."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from workflows.engine.campaign import Campaign
from workflows.engine.waves import HaltAt, Signs, Waves, why_to_halt


def waves(**block: Any) -> Waves:
    campaign = Campaign.model_validate({"engagement_window": "9 days", "waves": block})
    assert campaign.waves is not None
    return campaign.waves


@pytest.mark.parametrize(
    ("sizes", "released", "waiting", "ahead"),
    [
        ([50, 200], 0, 700, [50, 200, 200, 200, 50]),
        ([50, 200], 2, 450, [200, 200, 50]),
        ([10, "10 %", "50 %"], 0, 1000, [10, 100, 500, 390]),
        (["0.1 %"], 0, 3, [1, 1, 1]),
        ([5], 1, 0, []),
    ],
)
def test_the_waves_to_come_make_up_all_who_are_waiting(
    sizes: list[int | str], released: int, waiting: int, ahead: list[int]
) -> None:
    assert waves(sizes=sizes).ahead(released, 1000, waiting) == ahead
    assert sum(ahead) == waiting


@pytest.mark.parametrize(
    ("block", "says"),
    [
        ({"sizes": []}, "at least 1 item"),
        ({"sizes": [0]}, "greater than or equal to 1"),
        ({"sizes": [2.5]}, "no percentage"),
        ({"sizes": ["120 %"]}, "above 0, at most 100"),
        ({"halt_at": {"hard_bounces": 2}}, "write it like '2 %'"),
        ({"halt_at": {"minimum_sample": 0}}, "greater than or equal to 1"),
    ],
)
def test_a_wave_that_cannot_be_is_refused(block: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        waves(**block)


def test_a_block_reads_back_as_it_is_written() -> None:
    campaign = Campaign.model_validate(
        {"engagement_window": "9 days", "waves": {"sizes": [5, "12.5 %"], "halt_at": {}}}
    )
    written = campaign.model_dump(mode="json", exclude_defaults=True)
    assert written["waves"]["sizes"] == [5, "12.5 %"]
    assert Campaign.model_validate(written) == campaign


@pytest.mark.parametrize(
    ("newest_first", "says"),
    [
        ([Signs(sent=49, hard_bounces=20)], ""),  # too few to judge
        ([Signs(sent=100, hard_bounces=2)], ""),  # no more than the threshold
        ([Signs(sent=100, hard_bounces=3)], "3 hard bounces of 100 mails (3 %, above 2 %)"),
        ([Signs(sent=1000, complaints=2)], "2 complaints of 1000 mails (0.2 %, above 0.1 %)"),
        ([Signs(sent=50, opt_outs=2)], "2 opt outs of 50 mails (4 %, above 2 %)"),
        # A small wave is judged with those before it, as many as it takes ...
        ([Signs(10, 1), Signs(30, 1), Signs(40, 0), Signs(99, 99)], "2 hard bounces of 80"),
        # ... but what only they have shown does not halt this one.
        ([Signs(10, 0), Signs(100, 50)], ""),
    ],
)
def test_a_wave_is_halted_above_a_rate_once_there_are_enough_mails(
    newest_first: list[Signs], says: str
) -> None:
    said = why_to_halt(newest_first, HaltAt())
    assert said.startswith(says)
    assert bool(said) is bool(says)


def test_after_a_release_only_what_came_since_is_judged() -> None:
    before, now = Signs(100, 10, 1, 1), Signs(200, 12, 1, 1)
    assert now.since(before) == Signs(100, 2)
    assert why_to_halt([now], HaltAt())
    assert not why_to_halt([now.since(before)], HaltAt())
