"""What a well-formed automation may still get wrong: each check yields what it finds, and where."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from activities.ledger.holiday_calendar import problem_with
from starters.definitions.account_checks import (
    fields_not_writable,
    missing_connections,
    missing_mailbox,
    nobody_may_approve,
    unknown_pools,
)
from starters.definitions.advice import (
    branches_without_end,
    messages_without_wait,
    short_waits,
    tasks_without_due_date,
)
from starters.definitions.check import Check, check
from starters.definitions.condition_checks import conditions_without_value, values_that_do_not_suit
from starters.definitions.consent_checks import ignored_consents, missing_consents
from starters.definitions.dead_settings import (
    days_that_are_over,
    exits_from_itself,
    waits_beyond_the_window,
)
from starters.definitions.draft import Draft, Found
from starters.definitions.event_checks import misspelt_events, waits_for_an_exit
from starters.definitions.field_checks import (
    events_outside_enrollments,
    personal_conditions,
    unknown_fields,
)
from starters.definitions.platform_checks import (
    fields_not_pushable,
    missing_platforms,
    not_pushed_before,
    perhaps_not_pushed,
    without_timeline_template,
)
from starters.definitions.secret_checks import secrets_in_paths, secrets_in_steps
from starters.definitions.sms_checks import long_text_messages, texts_that_say_how_to_stop
from starters.definitions.strict_yaml import Path
from starters.definitions.text_checks import (
    texts_of_steps,
    texts_without_default,
)
from starters.definitions.trigger_checks import (
    closed_stages,
    outreach_not_counted,
    steps_that_do_not_suit_the_trigger,
    steps_that_set_off_the_trigger,
)
from starters.definitions.wave_checks import first_wave_too_small, waves_beside_a_trigger
from starters.definitions.way_checks import (
    endless_loops,
    idle_steps,
    many_messages,
    next_never_taken,
    unlimited_loops,
)
from starters.definitions.web_checks import (
    event_receivers,
    http_connections,
    persons_in_statistics,
    unused_answers,
)
from workflows.engine.steps.send_email import SendEmail

MERGE_FIELDS = {"unsubscribe_url", "sender.name", "sender.address", "sender.postal_address"}
"""What a template may name besides the lead's own fields (``lead.…``)."""
REQUIRED = {
    "unsubscribe_url": "every mail must let its reader unsubscribe",
    "sender.postal_address": "every mail must say where its sender is (CAN-SPAM)",
}


@check("error", "write the name of a file in the templates folder")
def unknown_templates(draft: Draft) -> Iterator[Found]:
    """Templates that are not there."""
    for place, step in draft.steps.items():
        known = draft.templates
        if isinstance(step, SendEmail) and known is not None and step.template not in known:
            close = get_close_matches(step.template, known, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are: {_listed(known)}"
            message = f"there is no template {step.template!r}: {hint}"
            yield ("steps", place, "template"), "error", message


@check("error", "name fields of the lead, the sender or the unsubscribe link; add what is missing")
def merge_fields(draft: Draft) -> Iterator[Found]:
    """Merge fields that nothing fills, and those that no mail may lack."""
    told = set()
    for place, step, fields in _mails(draft):
        if step.template in told:
            continue
        told.add(step.template)
        path, name = ("steps", place, "template"), step.template
        for field in fields:
            if not field.startswith(("lead.", "lead[")) and field not in MERGE_FIELDS:
                known = _listed([*MERGE_FIELDS, "lead.<field>"])
                message = f"template {name!r} names {field!r}, which is unknown; known are {known}"
                yield path, "error", message
        for field, why in REQUIRED.items():
            if field not in fields:
                message = f"template {name!r} lacks {{{{ {field} }}}}: {why}"
                yield path, "error", message


@check("warning", "write `| default:` behind the merge field, or a default into merge_tags")
def merge_fields_without_default(draft: Draft) -> Iterator[Found]:
    """Lead fields that some lead will lack: its mail would need attention."""
    told = set()
    for place, step, fields in _mails(draft):
        bare = {field for field, has_default in fields.items() if not has_default}
        bare = {field for field in bare if field.startswith("lead.") and field != "lead.email"}
        bare -= {f"lead.{tag}" for tag, chosen in step.merge_tags.items() if chosen.default}
        if bare and (step.template, *bare) not in told:
            told.add((step.template, *bare))
            message = (
                f"template {step.template!r} has no default for {_listed(bare)}: the mail to a "
                "lead without it is not sent and needs attention; write | default: 'something'"
            )
            yield ("steps", place, "template"), "warning", message


@check("error", "name merge tags that the template has")
def unknown_merge_tags(draft: Draft) -> Iterator[Found]:
    """Merge tags of a step that its template does not have."""
    for place, step, fields in _mails(draft):
        known = {field.removeprefix("lead.") for field in fields if field.startswith("lead.")}
        for tag in step.merge_tags:
            if tag not in known:
                message = f"template {step.template!r} has no merge tag {tag!r}: {_listed(known)}"
                yield ("steps", place, "merge_tags", tag), "error", message


@check("error", "write an IANA name such as Europe/London")
def unknown_zone(draft: Draft) -> Iterator[Found]:
    """A time zone that nobody knows."""
    paths: tuple[Path, ...] = (("campaign", "send_window", "zone"), ("trigger", "zone"))
    paths += (("campaign", "waves", "window", "zone"),)
    for path in (*paths, *(("steps", place, "zone") for place in draft.steps)):
        zone = draft.document.at(path)
        if isinstance(zone, str):
            try:
                ZoneInfo(zone)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                message = f"'{zone[:60]}' is no time zone: write an IANA name such as Europe/London"
                yield path, "error", message


@check("error", "write a country such as US, or a part of one such as DE-BY (ISO 3166)")
def unknown_holidays(draft: Draft) -> Iterator[Found]:
    """Holidays of a place that no calendar is known of."""
    for path in (("campaign", "send_window"), ("campaign", "waves", "window")):
        places = draft.document.at((*path, "holidays"))
        for index, place in enumerate(places if isinstance(places, list) else []):
            if problem := problem_with(str(place)):
                yield (*path, "holidays", index), "error", problem


CHECKS: tuple[Check, ...] = (
    *(unknown_templates, merge_fields, merge_fields_without_default, unknown_merge_tags),
    *(missing_connections, missing_mailbox, fields_not_writable, unknown_pools, unknown_zone),
    unknown_holidays,
    *(http_connections, event_receivers, persons_in_statistics),
    *(secrets_in_steps, secrets_in_paths, unused_answers),
    *(missing_platforms, fields_not_pushable, without_timeline_template),
    *(not_pushed_before, perhaps_not_pushed),
    *(texts_of_steps, texts_without_default),
    *(nobody_may_approve,),
    *(long_text_messages, texts_that_say_how_to_stop),
    *(short_waits, unknown_fields, personal_conditions),
    *(conditions_without_value, values_that_do_not_suit),
    events_outside_enrollments,
    *(missing_consents, ignored_consents),
    *(steps_that_do_not_suit_the_trigger, steps_that_set_off_the_trigger),
    *(closed_stages, outreach_not_counted),
    *(misspelt_events, waits_for_an_exit),
    *(days_that_are_over, waits_beyond_the_window, exits_from_itself),
    *(endless_loops, unlimited_loops, many_messages, next_never_taken, idle_steps),
    *(messages_without_wait, tasks_without_due_date),
    *(branches_without_end,),
    *(waves_beside_a_trigger, first_wave_too_small),
)
"""In the order in which their findings on one line are told."""


def _mails(draft: Draft) -> Iterator[tuple[int, SendEmail, Mapping[str, bool]]]:
    """Each step that sends mail by its place, with the merge fields of its template."""
    for place, step in draft.steps.items():
        fields = (draft.templates or {}).get(step.template) if isinstance(step, SendEmail) else None
        if isinstance(step, SendEmail) and fields is not None:
            yield place, step, fields


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names)) or "none"
