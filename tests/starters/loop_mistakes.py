"""Loops that a definition must not have."""

from __future__ import annotations

from tests.starters.mistakes import HEAD, STEPS

BAD_LOOPS: dict[str, tuple[str, int, str]] = {
    "a loop without a wait": (
        STEPS + "- {id: a, kind: send_email, template: hello}\n"
        "- {id: b, kind: branch, arms: [{when: {event: x}, go_to: c}], otherwise: a}\n"
        "- {id: c, kind: end}\n",
        5,
        "error: step 'a': a -> b -> a is a loop without a wait",
    ),
    "a loop that need not wait": (
        STEPS
        + "- {id: a, kind: wait_for, events: [x], timeout: 1 day, already: true,\n   next: a}\n",
        5,
        "a -> a is a loop without a wait",
    ),
    "a loop whose condition may hold at once": (
        STEPS
        + "- {id: a, kind: wait_for, when: {event: x}, timeout: 1 day, next: b}\n"
        + "- {id: b, kind: jump, go_to: a, at_most: 3}\n",
        5,
        "a -> b -> a is a loop without a wait",
    ),
    "a loop whose mails begin the engagement window anew": (
        HEAD + "campaign: {engagement_window: 9 days, counted_from: last_send}\nsteps:\n"
        "- {id: a, kind: send_email, template: intro}\n"
        "- {id: b, kind: wait, for: 1 day, next: a}\n",
        6,
        "begins the engagement window anew: go back by a step of kind jump, or set caps.max_sends",
    ),
    "a jump whose other way leads back too": (
        STEPS + "- {id: a, kind: wait, for: 1 day}\n"
        "- {id: b, kind: jump, go_to: a, at_most: 2, next: a}\n",
        5,
        "nothing ends the loop a -> b -> a: go back by a step of kind jump",
    ),
}
