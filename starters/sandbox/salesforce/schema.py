"""The objects of the sandbox org and their fields, as far as Dripstone and its users write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["string", "boolean", "date", "datetime", "int", "double", "email", "reference"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its kind, its length in characters, and who may write it and when."""

    name: str
    kind: Kind = "string"
    length: int = 255
    required: bool = False
    writable: Literal["always", "on_create", "never"] = "always"
    external_id: bool = False
    unique: bool = False
    default: object = None
    targets: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Object:
    """One object: its name, the prefix of its ids, and its fields by lower-case name."""

    name: str
    prefix: str
    fields: dict[str, Field]

    def field(self, name: str) -> Field | None:
        """The field of this name; Salesforce does not mind the case of field names."""
        return self.fields.get(name.lower())


def _object(name: str, prefix: str, *fields: Field) -> Object:
    return Object(name, prefix, {field.name.lower(): field for field in (*_SYSTEM, *fields)})


def _texts(length: int, names: str) -> list[Field]:
    return [Field(name, length=length) for name in names.split()]


def _flags(names: str) -> list[Field]:
    return [Field(name, "boolean", default=False) for name in names.split()]


_SYSTEM = (
    Field("Id", "reference", 18, writable="never"),
    Field("CreatedDate", "datetime", writable="never"),
    Field("LastModifiedDate", "datetime", writable="never"),
    Field("SystemModstamp", "datetime", writable="never"),
    Field("IsDeleted", "boolean", writable="never", default=False),
)

_OWNER = Field("OwnerId", "reference", 18, targets=("User",))

_PERSON = (
    *_texts(40, "FirstName Phone MobilePhone Fax City"),
    Field("LastName", length=80, required=True),
    Field("Name", length=121, writable="never"),
    Field("Email", "email", 80),
    Field("Title", length=128),
    Field("Description", length=32_000),
    *_texts(40, "LeadSource Salutation"),
    # An external id that is not unique: upserts by it answer 300 when two records share a value.
    Field("Legacy_Key__c", length=80, external_id=True),
    *_flags("HasOptedOutOfEmail DoNotCall HasOptedOutOfFax"),
    Field("EmailBouncedReason"),
    Field("EmailBouncedDate", "datetime"),
    Field("Time_Zone__c", length=80),
    Field("clay_external_hard_bounce__c", "boolean", default=False),
    Field("Hard_Bounce__c", "boolean", default=False),
    _OWNER,
)

_ACTIVITY = (
    Field("Subject"),
    Field("Description", length=32_000),
    Field("WhoId", "reference", 18, targets=("Lead", "Contact")),
    Field("WhatId", "reference", 18, targets=("Account", "Campaign")),
    Field("ActivityDate", "date"),
    Field("Type", length=40),
    Field("Dripstone_Key__c", external_id=True, unique=True),
    _OWNER,
)

_ALL = (
    _object(
        "Lead",
        "00Q",
        *_PERSON,
        Field("Company", required=True),
        *_texts(255, "Street Website"),
        *_texts(80, "State Country"),
        *_texts(40, "Industry Rating"),
        Field("Dripstone_Lead__c", external_id=True, unique=True),
        Field("PostalCode", length=20),
        Field("Status", length=40, default="Open - Not Contacted"),
        Field("NumberOfEmployees", "int"),
        Field("AnnualRevenue", "double"),
        Field("IsConverted", "boolean", writable="never", default=False),
        Field("ConvertedContactId", "reference", 18, writable="never", targets=("Contact",)),
        Field("clay_company_description__c", length=32_000),
        Field("SLV36_Pardot_Question_Asked__c", length=32_000),
        *_flags("Cold_Lead_Eligible__c AI_Outreach__c"),
    ),
    _object("Contact", "003", *_PERSON, Field("AccountId", "reference", 18, targets=("Account",))),
    _object("Account", "001", Field("Name", required=True), Field("Website"), _OWNER),
    _object(
        "User",
        "005",
        Field("Username", length=80, required=True),
        Field("LastName", length=80, required=True),
        Field("FirstName", length=40),
        Field("Name", length=121, writable="never"),
        Field("Email", "email", 128, required=True),
        Field("IsActive", "boolean", default=True),
    ),
    _object(
        "Task",
        "00T",
        *_ACTIVITY,
        Field("Status", length=40, default="Not Started"),
        Field("Priority", length=40, default="Normal"),
        Field("CallDurationInSeconds", "int"),
        *_texts(255, "CallDisposition"),
        Field("CallType", length=40, choices=("Internal", "Inbound", "Outbound")),
        Field(
            "TaskSubtype",
            length=40,
            writable="on_create",
            default="Task",
            choices=("Task", "Email", "Call", "Cadence", "LinkedIn", "ListEmail"),
        ),
        Field("ReminderDateTime", "datetime"),
        *_flags("IsReminderSet"),
    ),
    _object(
        "Event",
        "00U",
        *_ACTIVITY,
        Field("StartDateTime", "datetime"),
        Field("ActivityDateTime", "datetime"),
        Field("EndDateTime", "datetime"),
        Field("DurationInMinutes", "int"),
        Field("Location"),
        *_flags("IsAllDayEvent IsPrivate"),
        Field("ShowAs", length=40, default="Busy"),
    ),
    _object(
        "Note",
        "002",
        Field("Title", length=80, required=True),
        Field("Body", length=32_000),
        Field(
            "ParentId",
            "reference",
            18,
            required=True,
            writable="on_create",
            targets=("Lead", "Contact", "Account", "Campaign", "Task", "Event"),
        ),
        *_flags("IsPrivate"),
        _OWNER,
    ),
    _object(
        "Campaign",
        "701",
        Field("Name", length=80, required=True),
        Field("Status", length=40, default="Planned"),
        *_flags("IsActive AI_Outreach__c"),
        Field("Description", length=32_000),
        _OWNER,
    ),
    _object(
        "CampaignMemberStatus",
        "01Y",
        Field(
            "CampaignId",
            "reference",
            18,
            required=True,
            writable="on_create",
            targets=("Campaign",),
        ),
        Field("Label", length=765, required=True),
        Field("SortOrder", "int"),
        *_flags("HasResponded IsDefault"),
    ),
    _object(
        "CampaignMember",
        "00v",
        Field(
            "CampaignId",
            "reference",
            18,
            required=True,
            writable="on_create",
            targets=("Campaign",),
        ),
        Field("LeadId", "reference", 18, writable="on_create", targets=("Lead",)),
        Field("ContactId", "reference", 18, writable="on_create", targets=("Contact",)),
        Field("Status", length=40),
        Field("HasResponded", "boolean", writable="never", default=False),
        Field("Has_Replied__c", "boolean", default=False),
        Field("First_Reply__c", "datetime"),
        Field("ReplyClassification__c", length=40),
    ),
)

OBJECTS = {entry.name.lower(): entry for entry in _ALL}
"""Every object by its lower-case name."""

PREFIXES = {entry.prefix: entry.name for entry in _ALL}
"""The object that the first three characters of an id name."""
