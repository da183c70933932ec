"""Connections: named accounts at vendors, per center, as ``config/connections.yaml`` has them."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import available_timezones

from pydantic import (
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from activities.phone_numbers import is_region

SalesforceUser = Annotated[str, StringConstraints(pattern=r"^([a-zA-Z0-9]{18}|\S+@\S+)$")]
"""A Salesforce user: the 18-character id, or the address, which is looked up."""
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")]


SmsSender = Annotated[
    str, StringConstraints(pattern=r"^(\+[1-9]\d{6,14}|MG[0-9a-f]{32}|[A-Za-z][A-Za-z0-9 ]{0,10})$")
]
"""A number in E.164, a messaging service of Twilio, or a name of up to 11 characters."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Mailbox(_Strict):
    """An address that mails leave from. ``salesforce_user`` owns the Tasks of its mails.

    ``postal_address`` stands in every mail's footer (CAN-SPAM).
    """

    name: str = Field(min_length=1, max_length=100)
    address: EmailStr
    postal_address: str = Field(min_length=5, max_length=300)
    salesforce_user: SalesforceUser | None = None


class SalesforceWrites(_Strict):
    """What is written to Salesforce by default, and under which field names.

    ``key_field`` is a unique external id on Task and Event: with it a write-back happens once,
    however often it is tried. ``log_meetings: false`` if Events come from a workflow of your own.
    ``zone`` decides the day of a Task's due date, and ``user_zones`` for single users, by id or
    address as steps name them. ``fallback_owner`` owns what has no other owner. ``writable_fields``
    are those of leads and contacts that a ``set_field`` step may write.
    """

    log_emails: bool = True
    log_meetings: bool = True
    unsubscribe_field: FieldName | None = "HasOptedOutOfEmail"
    hard_bounce_field: FieldName | None = None
    sms_opt_out_field: FieldName | None = None
    stage_field: FieldName = "Status"
    key_field: FieldName = "Dripstone_Key__c"
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


class Member(_Strict):
    """Somebody who takes turns in a pool, unless not available at the moment."""

    user: SalesforceUser
    available: bool = True


class Pool(_Strict):
    """Colleagues who get leads in turn, in this order."""

    members: tuple[Member, ...] = Field(min_length=1, max_length=500)

    @model_validator(mode="after")
    def _nobody_twice(self) -> Pool:
        users = [member.user for member in self.members]
        if len(set(users)) < len(users):
            raise ValueError("members: somebody is there twice: each takes one turn a round")
        return self


class CenterConnections(_Strict):
    """The accounts of one center. ``zone`` is where a lead without a zone is taken to be.

    ``phone_region`` (ISO 3166, such as GB) is the country of phone numbers without a country code;
    ``sms_sender`` is what text messages leave from, if not what the settings say.
    """

    zone: str = "UTC"
    phone_region: str | None = None
    sms_sender: SmsSender | None = None
    mailboxes: dict[str, Mailbox] = {}
    salesforce: SalesforceWrites | None = None
    pools: dict[str, Pool] = {}

    @field_validator("phone_region")
    @classmethod
    def _is_a_country(cls, region: str | None) -> str | None:
        if region is not None and not is_region(region):
            raise ValueError("is no country with phone numbers: write two capital letters, like GB")
        return region


class Connections(_Strict):
    """Every center's accounts."""

    centers: dict[str, CenterConnections] = {}

    def of(self, center: str) -> CenterConnections:
        """The accounts of a center; none if it is not listed."""
        return self.centers.get(center, CenterConnections())
