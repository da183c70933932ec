"""What is written to Salesforce by default, and under which field names: all configuration."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

SalesforceUser = Annotated[str, StringConstraints(pattern=r"^([a-zA-Z0-9]{18}|\S+@\S+)$")]
"""A Salesforce user: the 18-character id, or the address, which is looked up."""
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")]
Cadence = Annotated[
    str,
    StringConstraints(
        pattern=r"^(immediate|manual|every [1-9]\d{0,3} (minutes?|hours?)|daily at "
        r"([01]\d|2[0-3]):[0-5]\d)$"
    ),
]
"""When write-backs begin: with the fact, at the next of regular times, or when somebody says so."""
ClassName = Literal["POSITIVE", "NEUTRAL", "NEGATIVE", "OOO", "UNSUBSCRIBE"]


class SalesforceWrites(BaseModel):
    """What is written to Salesforce by default, and under which field names.

    ``cadence``: ``immediate``, ``every 30 minutes``, ``daily at 18:00`` (in ``zone``), ``manual``.
    ``key_field`` is a unique external id on Task and Event: with it a write-back happens once,
    however often it is tried. ``log_meetings: false`` if Events come from a workflow of your own.
    ``zone`` decides the day of a Task's due date, and ``user_zones`` for single users, by id or
    address as steps name them. ``fallback_owner`` owns what has no other owner. ``writable_fields``
    are those of leads and contacts that ``set_field`` and ``push`` steps may write.
    ``lead_key_field`` is a unique external id on Lead, by which pushed leads are found again.

    Of leads: ``hard_bounce_field`` says that our mail came back, ``overall_bounce_field`` that any
    of the ``bounce_sources`` or we have found the address dead; ``reply_text_field`` has the latest
    reply, at most ``reply_text_length`` characters. ``log_opt_outs`` adds a Note to the lead.
    Of campaign members: ``responded_status``, ``has_replied_field`` (a checkbox of your own, set
    once: HasResponded follows the status) with the time of the ``first_reply_field``, and
    ``reply_class_field``, with ``reply_classes`` for how the five classes are called there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cadence: Cadence = "immediate"
    log_emails: bool = True
    log_meetings: bool = True
    unsubscribe_field: FieldName | None = "HasOptedOutOfEmail"
    hard_bounce_field: FieldName | None = None
    overall_bounce_field: FieldName | None = None
    bounce_sources: tuple[FieldName, ...] = ()
    sms_opt_out_field: FieldName | None = None
    log_opt_outs: bool = True
    responded_status: str | None = Field(default="Responded", max_length=40)
    has_replied_field: FieldName | None = None
    first_reply_field: FieldName | None = None
    reply_class_field: FieldName | None = None
    reply_classes: dict[ClassName, str] = {}
    reply_text_field: FieldName | None = None
    reply_text_length: int = Field(default=32_000, ge=20, le=131_072)
    stage_field: FieldName = "Status"
    key_field: FieldName = "Dripstone_Key__c"
    lead_key_field: FieldName = "Dripstone_Lead__c"
    fallback_owner: SalesforceUser | None = None
    zone: str = "UTC"
    user_zones: dict[SalesforceUser, str] = {}
    writable_fields: tuple[FieldName, ...] = ()
    task_subject: str = "Email sent via Qualified: {subject}"
    event_subject: str = "Meeting Booked via Qualified with {owner}"

    @model_validator(mode="after")
    def _can_be_filled_in(self) -> SalesforceWrites:
        """Found here and not at the first mail, which would have left by then."""
        for name, field in (("task_subject", "subject"), ("event_subject", "owner")):
            try:
                getattr(self, name).format(**{field: "x"})
            except (LookupError, ValueError) as error:
                raise ValueError(f"{name}: only {{{field}}} can stand in it") from error
        for zone in (self.zone, *self.user_zones.values()):
            if zone not in available_timezones():
                raise ValueError(f"zone: there is no time zone {zone!r}: use one like Asia/Tokyo")
        return self

    def zone_of(self, user: str | None) -> str:
        """The zone in which a user's days are reckoned (an IANA name)."""
        return self.user_zones.get(user or "", self.zone)

    @property
    def allowed(self) -> dict[str, frozenset[str]]:
        """The fields that each write-back may set, and no other (G-05): checked at the write."""
        fields = {
            "mark_unsubscribed": (self.unsubscribe_field, self.sms_opt_out_field),
            "mark_bounced": (self.hard_bounce_field, self.overall_bounce_field),
            "mark_replied": (self.has_replied_field, self.first_reply_field),
            "classify_reply": (self.reply_class_field,),
            "keep_reply_text": (self.reply_text_field,),
        }
        return {name: frozenset(one for one in named if one) for name, named in fields.items()}
