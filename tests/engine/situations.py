"""The situations in which news can find a lead, by name: each is told as a journey so far."""

from __future__ import annotations

from collections.abc import Callable

from tests.engine.journey import Journey

CAMPAIGN = """
campaign:
  engagement_window: 30 days
  exits: {"on": [reply, bounce, unsubscribe, meeting_booked, goal_reached]}
steps:
- {id: intro, kind: send_email, template: hello}
- {id: rest, kind: wait, for: 3 days}
- {id: second, kind: send_email, template: reminder}
- {id: ask, kind: wait_for, events: [clicked], timeout: 7 days}
- {id: last, kind: send_email, template: goodbye}
"""


REVIEWED = CAMPAIGN.replace("steps:", "steps:\n- {id: check, kind: approval, of: last}")

HANDED_OVER = CAMPAIGN.replace(
    "steps:", "steps:\n- {id: hand, kind: outreach_handover, campaign: 7, timeout: 20 days}"
)


def resting() -> Journey:
    return Journey(CAMPAIGN).sent()


SITUATIONS: dict[str, Callable[[], Journey]] = {
    "while a mail is being sent, perhaps retried through an outage": lambda: Journey(CAMPAIGN),
    "in a wait": resting,
    "in a wait_for": lambda: resting().after("3 days").sent(),
    "in a pause": lambda: resting().order("pause"),
    "in a pause of a mail": lambda: Journey(CAMPAIGN).order("pause"),
    "in need of attention": lambda: Journey(CAMPAIGN).failed("retries used up"),
    "held by the gate until a time": lambda: Journey(CAMPAIGN).answer(
        state="held", cause="send window", until="2026-03-03T09:00:00Z"
    ),
    "held by the gate for a cause": lambda: Journey(CAMPAIGN).answer(state="held", cause="feed"),
    "out of office with a mail due": lambda: Journey(CAMPAIGN).event("out_of_office"),
    "out of office in a wait": lambda: resting().event("out_of_office"),
    "while a mail waits for its approval": lambda: Journey(REVIEWED).sent(),
    "while another tool mails the lead": lambda: Journey(HANDED_OVER).sent(),
    "before the resend of a softly bounced mail": lambda: resting().event(
        "bounce", type="soft", step="intro"
    ),
    "during the resend of a softly bounced mail": lambda: (
        resting().event("bounce", type="soft", step="intro").after("4 hours")
    ),
}
