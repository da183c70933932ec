"""What the text messages of an automation may get wrong: Liquid, merge fields, length, opt-out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from starters.definitions.draft import Draft, Found, Severity
from workflows.engine.steps.send_sms import SendSms

_SAYS_STOP = re.compile(r"\bSTOP\b", re.I)


def texts_that_can_be_sent(draft: Draft) -> Iterator[Found]:
    """Broken Liquid, fields that nothing fills or that a lead may lack, texts of many segments."""
    for place, step in draft.steps.items():
        if isinstance(step, SendSms):
            for severity, message in _about(step):
                yield ("steps", place, "text"), severity, message


def _about(step: SendSms) -> Iterator[tuple[Severity, str]]:
    # Imported here: reading Liquid takes a moment, and most automations have no text messages.
    from workers.authoring import MANY_SEGMENTS, examine_words

    words = examine_words(step.id, step.text)
    yield from (("error", problem) for problem in words.problems)
    for field in words.fields:
        if not field.startswith(("lead.", "lead[")):
            yield "error", f"names {field!r}, which is unknown; known are lead.<field>"
    bare = [name for name, default in words.fields.items() if not default]
    if bare:
        yield (
            "warning",
            f"has no default for {', '.join(sorted(bare))}: the message to a lead without it is "
            "not sent and needs attention; write | default: 'something'",
        )
    if words.size.count > MANY_SEGMENTS:
        yield (
            "warning",
            f"is {words.size.count} segments long ({words.size.encoding}) before any field is "
            f"filled in: each is charged, and over {MANY_SEGMENTS} are often dropped; shorten it",
        )


def texts_that_say_how_to_stop(draft: Draft) -> Iterator[Found]:
    """The first text message should say how to get no more of them."""
    texts = [(place, step) for place, step in draft.steps.items() if isinstance(step, SendSms)]
    if texts and not any(_SAYS_STOP.search(step.text) for _, step in texts):
        message = "no text message says how to opt out: add 'Reply STOP to opt out' to the first"
        yield ("steps", texts[0][0], "text"), "warning", message
