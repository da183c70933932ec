"""Mistakes in the ways through the steps, as in ``check_mistakes``: text, line, a phrase."""

from __future__ import annotations

from tests.starters.mistakes import HEAD, MAIL_STEP, STEPS

WAIT = "- {id: rest, kind: wait, for: 1 day}\n"
SPLIT = "- {id: which, kind: branch, arms: [{when: {event: x}, go_to: big}], otherwise: small}\n"
CALL = "kind: notify, channel: x, text: y"
BAD_WAYS: dict[str, tuple[str, int, str]] = {
    "unlimited-loops": (
        STEPS + "- {id: rest, kind: wait, for: 1 day, next: rest}\n",
        5,
        "nothing ends the loop rest -> rest: go back by a step of kind jump",
    ),
    "endless-loops": (
        STEPS + f"- {{id: a, {CALL}, next: a}}\n",
        5,
        "a -> a is a loop without a wait",
    ),
    "many-messages": (
        HEAD
        + "campaign: {engagement_window: 30 days}\nsteps:\n"
        + MAIL_STEP
        + "- {id: rest, kind: wait, for: 1 hour, next: intro}\n",
        6,
        "a lead may go round intro -> rest -> intro until it has got 720 messages",
    ),
    "next-never-taken": (
        STEPS
        + SPLIT.replace("small}", "small, next: big}")
        + "- {id: big, kind: end}\n- {id: small, kind: end}\n",
        5,
        "'next: big' is never taken, for the step leads elsewhere in every case",
    ),
    "idle-steps": (
        STEPS + "- {id: a, kind: end}\n" + WAIT,
        6,
        "comes after the end 'a', and nothing jumps to it",
    ),
    "messages-without-wait": (
        STEPS + MAIL_STEP + f"- {{id: tell, {CALL}}}\n" + MAIL_STEP.replace("intro", "more"),
        7,
        "warning: step 'more': a lead may come here from 'intro' without a wait",
    ),
    "branches-without-end": (
        STEPS + SPLIT + "- {id: big, kind: end}\n" + f"- {{id: small, {CALL}}}\n",
        7,
        "warning: step 'small': a way from 'which' ends with 'small'",
    ),
}
