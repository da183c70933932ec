"""What the text messages of an automation may get wrong: their length, and how to opt out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from starters.definitions.check import check
from starters.definitions.draft import Draft, Found
from workers.authoring import MANY_SEGMENTS, segments_of_words
from workflows.engine.steps.send_sms import SendSms

_SAYS_STOP = re.compile(r"\bSTOP\b", re.I)


@check("warning", "shorten the text, or leave out what is not in the GSM alphabet")
def long_text_messages(draft: Draft) -> Iterator[Found]:
    """Text messages of many segments: each is charged, and long ones are often dropped."""
    for place, step in draft.steps.items():
        size = segments_of_words(step.text) if isinstance(step, SendSms) else None
        if size and size.count > MANY_SEGMENTS:
            message = (
                f"is {size.count} segments long ({size.encoding}) before any field is filled in: "
                f"each is charged, and over {MANY_SEGMENTS} are often dropped; shorten it"
            )
            yield ("steps", place, "text"), "warning", message


@check("warning", "add `Reply STOP to opt out` to the first")
def texts_that_say_how_to_stop(draft: Draft) -> Iterator[Found]:
    """Automations whose text messages never say how to get no more of them."""
    texts = [(place, step) for place, step in draft.steps.items() if isinstance(step, SendSms)]
    if texts and not draft.unread and not any(_SAYS_STOP.search(step.text) for _, step in texts):
        message = "no text message says how to opt out: add 'Reply STOP to opt out' to the first"
        yield ("steps", texts[0][0], "text"), "warning", message
