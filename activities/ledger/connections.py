"""Connections: named accounts at vendors, per center, as ``config/connections.yaml`` has them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from activities.ledger.feed_declarations import Feed, check_mailboxes
from activities.ledger.follow_up_rules import FollowUpRules
from activities.ledger.holiday_calendar import problem_with
from activities.ledger.http_connections import HttpConnection, Listener
from activities.ledger.salesforce_writes import FieldName as FieldName
from activities.ledger.salesforce_writes import SalesforceUser as SalesforceUser
from activities.ledger.salesforce_writes import SalesforceWrites as SalesforceWrites
from activities.phone_numbers import is_region
from workflows.engine.base import Name
from workflows.engine.caps import WrittenRate
from workflows.engine.days_off import DaysOff
from workflows.engine.durations import Duration

PropertyName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,99}$")]
"""A HubSpot property: lower case, always."""


SmsSender = Annotated[
    str, StringConstraints(pattern=r"^(\+[1-9]\d{6,14}|MG[0-9a-f]{32}|[A-Za-z][A-Za-z0-9 ]{0,10})$")
]
"""A number in E.164, a messaging service of Twilio, or a name of up to 11 characters."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Mailbox(_Strict):
    """An address that mails leave from. ``salesforce_user`` owns the Tasks of its mails.

    ``postal_address`` stands in every mail's footer (CAN-SPAM). At most ``per_day`` mails leave
    on a local day of the center, and one ``min_gap`` after the other.
    """

    name: str = Field(min_length=1, max_length=100)
    address: EmailStr
    postal_address: str = Field(min_length=5, max_length=300)
    salesforce_user: SalesforceUser | None = None
    per_day: int | None = Field(default=None, ge=1, le=100_000)
    min_gap: Duration | None = Field(default=None, le=timedelta(days=1))


class HubspotWrites(_Strict):
    """What may be written to HubSpot, and under which names.

    ``key_property`` is a property with unique values on contacts and on meetings: by it what was
    pushed is found again. ``writable_fields`` are the contact properties that a ``push`` may write.
    ``timeline_template`` is the event template that ``hubspot_timeline_event`` fills in, with the
    tokens title, text and link; templates belong to a HubSpot app.
    """

    key_property: PropertyName = "dripstone_key"
    writable_fields: tuple[PropertyName, ...] = ()
    timeline_template: str | None = Field(default=None, pattern=r"^[0-9]{1,20}$")


class MarketoWrites(_Strict):
    """What may be written to Marketo, and under which names (API names of lead fields).

    ``lookup_field`` is a text field of our own by which pushed leads are found again.
    ``status_field`` is what ``marketo_status`` sets.
    """

    lookup_field: FieldName = "dripstoneKey"
    status_field: FieldName = "leadStatus"
    writable_fields: tuple[FieldName, ...] = ()


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


class TemplateRules(_Strict):
    """How a text becomes one that may be published.

    ``on_publish``: who publishes an automation answers for the texts that are new with it.
    ``required``: each is reviewed and activated first; ``by_another``: not by who drafted it.
    """

    review: Literal["on_publish", "required", "by_another"] = "on_publish"


class Samples(_Strict):
    """Where the mails of sample leads go, whatever the leads' own addresses are."""

    address: EmailStr


class ReviewRules(_Strict):
    """Who decides about mails that wait for an approval: names, or roles with their people.

    With ``author_may_approve: false`` neither who published the version nor who edited the mail
    may approve it.
    """

    approvers: tuple[str, ...] = Field(min_length=1, max_length=500)
    roles: dict[str, tuple[str, ...]] = {}
    author_may_approve: bool = True

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who may decide, by name."""
        return tuple(name for one in self.approvers for name in self.roles.get(one, (one,)))


class Retention(_Strict):
    """How long words are kept here: those of mails, texts and replies. Never, if not said."""

    message_text: Duration | None = Field(default=None, ge=timedelta(days=1))


class CenterCaps(_Strict):
    """Limits over all campaigns of a center: what one person and one company may get."""

    frequency_cap: WrittenRate | None = None
    per_company_per_day: int | None = Field(default=None, ge=1, le=100_000)


class CenterConnections(_Strict):
    """The accounts of one center. ``zone`` is where a lead without a zone is taken to be.

    ``http`` are the systems that ``http_call`` steps may call, and ``event_listeners`` who gets
    the events of ``track_event`` steps beside Google Analytics. ``consents`` are the consents that
    it asks people for: if there are any, each automation that sends messages must name those it
    needs, or say why it needs none. ``phone_region`` (ISO 3166, such as GB) is the country of phone
    numbers without a country code; ``sms_sender`` is what text messages leave from, if not what the
    settings say. ``lead_fields`` are the fields that leads have: if there are any, an automation
    that names another one is refused. On its ``days_off`` no message of any campaign leaves.
    """

    zone: str = "UTC"
    consents: tuple[Name, ...] = ()
    lead_fields: tuple[str, ...] = ()
    caps: CenterCaps = CenterCaps()
    phone_region: str | None = None
    sms_sender: SmsSender | None = None
    mailboxes: dict[str, Mailbox] = {}
    salesforce: SalesforceWrites | None = None
    hubspot: HubspotWrites | None = None
    marketo: MarketoWrites | None = None
    pools: dict[str, Pool] = {}
    http: dict[Name, HttpConnection] = {}
    event_listeners: dict[Name, Listener] = {}
    feeds: dict[Name, Feed] = {}
    days_off: DaysOff = DaysOff()

    @model_validator(mode="after")
    def _what_is_named_is_there(self) -> CenterConnections:
        check_mailboxes(self.feeds, self.mailboxes)
        for name, listener in self.event_listeners.items():
            if listener.connection not in self.http:
                raise ValueError(
                    f"event_listeners.{name}: there is no connection {listener.connection!r} "
                    "under http"
                )
        return self

    templates: TemplateRules = TemplateRules()
    samples: Samples | None = None
    review: ReviewRules | None = None
    retention: Retention = Retention()
    follow_up: FollowUpRules | None = FollowUpRules()

    @model_validator(mode="after")
    def _knows_the_holidays(self) -> CenterConnections:
        named = {"days_off": self.days_off.holidays}
        named |= {"follow_up.hours": self.follow_up.hours.holidays} if self.follow_up else {}
        for where, places in named.items():
            for problem in filter(None, map(problem_with, places)):
                raise ValueError(f"{where}.holidays: {problem}")
        return self

    @model_validator(mode="after")
    def _reassigns_to_a_pool(self) -> CenterConnections:
        pool = self.follow_up.reassign_to if self.follow_up else None
        if pool and pool not in self.pools:
            raise ValueError(f"follow_up.reassign_to: there is no pool {pool!r} under pools")
        return self

    @field_validator("phone_region")
    @classmethod
    def _is_a_country(cls, region: str | None) -> str | None:
        if region is not None and not is_region(region):
            raise ValueError("is no country with phone numbers: write two capital letters, like GB")
        return region


NO_ACCOUNTS = CenterConnections()


class Connections(_Strict):
    """Every center's accounts."""

    centers: dict[str, CenterConnections] = {}

    @property
    def secret_names(self) -> frozenset[str]:
        """The environment variables that hold the secrets of HTTP connections."""
        logins = (one.auth for center in self.centers.values() for one in center.http.values())
        return frozenset(login.variable for login in logins if login)

    def of(self, center: str) -> CenterConnections:
        """The accounts of a center; none if it is not listed."""
        return self.centers.get(center, NO_ACCOUNTS)
