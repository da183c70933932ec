"""The retry table, code by code."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import pytest

from activities.errors import as_application_error, failure, known_codes
from activities.vendors.ports import (
    Never,
    NoSuchNumber,
    NotYet,
    OptedOut,
    Unclear,
    VendorFailure,
)

_Kind = type[NotYet] | type[Never] | type[Unclear]

_SALESFORCE: dict[_Kind, str] = {
    NotYet: "UNABLE_TO_LOCK_ROW REQUEST_LIMIT_EXCEEDED INVALID_SESSION_ID SERVER_UNAVAILABLE"
    " UNKNOWN_EXCEPTION QUERY_TIMEOUT TXN_SECURITY_METERING_ERROR DUPLICATE_VALUE_OF_KEY"
    " http_409 http_429 http_500 http_503 timeout disconnected refused unreadable_answer"
    " unknown_error",
    Never: "DUPLICATE_VALUE DUPLICATES_DETECTED ENTITY_IS_DELETED NOT_FOUND INVALID_FIELD"
    " REQUIRED_FIELD_MISSING STRING_TOO_LONG INVALID_EMAIL_ADDRESS MALFORMED_ID"
    " INVALID_CROSS_REFERENCE_KEY INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    " FIELD_CUSTOM_VALIDATION_EXCEPTION FIELD_INTEGRITY_EXCEPTION"
    " CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY INSUFFICIENT_ACCESS_OR_READONLY"
    " INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY INVALID_FIELD_FOR_INSERT_UPDATE"
    " JSON_PARSER_ERROR CANNOT_UPDATE_CONVERTED_LEAD PROCESSING_HALTED http_300 http_400"
    " http_410 invalid_grant invalid_client_id invalid_client INVALID_LOGIN tls"
    " TXN_SECURITY_NO_ACCESS NO_SUCH_CAMPAIGN NO_SUCH_MEMBER_STATUS never_heard_of",
}
_HUBSPOT: dict[_Kind, str] = {
    NotYet: "RATE_LIMIT_SECONDLY RATE_LIMIT_TEN_SECONDLY_ROLLING RATE_LIMIT_DAILY RATE_LIMIT"
    " http_423 http_500 http_503 timeout refused",
    Never: "VALIDATION_ERROR PROPERTY_DOESNT_EXIST CONFLICT OBJECT_NOT_FOUND MISSING_SCOPES"
    " INVALID_AUTHENTICATION EXPIRED_AUTHENTICATION not_configured http_400 never_heard_of",
}
_MARKETO: dict[_Kind, str] = {
    NotYet: "502 601 602 604 606 607 608 611 614 615 713 719 http_503 timeout",
    Never: "600 603 609 610 612 701 702 709 1003 1004 1005 1006 1007 1008 1013 1025 http_413"
    " http_414 invalid_client 9999",
}
_SLACK: dict[_Kind, str] = {
    NotYet: "ratelimited rate_limited service_unavailable request_timeout refused http_503",
    Unclear: "fatal_error internal_error",
    Never: "channel_not_found not_in_channel is_archived no_text msg_blocks_too_long msg_too_long"
    " invalid_blocks invalid_blocks_format markdown_text_conflict restricted_action"
    " restricted_action_of_a_new_kind invalid_auth not_authed token_revoked token_expired"
    " account_inactive missing_scope users_not_found duplicate_message_not_found"
    " duplicate_channel_not_found http_404 never_heard_of",
}
_SMTP: dict[_Kind, str] = {
    NotYet: "421 450 451 452 4.7.1 disconnected timeout refused",
    Never: "550 535 552 554 5.1.1 tls never_heard_of",
}
_TWILIO: dict[_Kind, str] = {
    NotYet: "20429 http_429 http_503 refused disconnected timeout",
    Unclear: "20500",
    OptedOut: "21610",
    NoSuchNumber: "21211 21214 21217 21614 21635",
    Never: "20003 20404 21408 21602 21603 21604 21606 21608 21612 21617 29999 http_400 tls",
}
_TEAMS: dict[_Kind, str] = {NotYet: "http_429 http_503", Never: "http_404 http_413 too_large"}
_TABLES = {
    "salesforce": _SALESFORCE,
    "slack": _SLACK,
    "smtp": _SMTP,
    "twilio": _TWILIO,
    "teams": _TEAMS,
}
_ROWS = [
    (vendor, code, kind)
    for vendor, table in _TABLES.items()
    for kind, codes in table.items()
    for code in codes.split()
]


@pytest.mark.parametrize(("vendor", "code", "kind"), _ROWS)
def test_a_code_means_what_the_table_says(vendor: str, code: str, kind: _Kind) -> None:
    assert type(failure(vendor, code, "text")) is kind


@pytest.mark.parametrize("vendor", ["salesforce", "slack", "hubspot", "marketo", "twilio"])
def test_every_code_in_the_table_is_known_by_name(vendor: str) -> None:
    assert len(set(known_codes(vendor))) > 10
    assert all(isinstance(failure(vendor, code, ""), VendorFailure) for code in known_codes(vendor))


@pytest.mark.parametrize(
    ("vendor", "code", "done", "kind"),
    [
        ("slack", "http_503", "maybe", Unclear),
        ("slack", "timeout", "maybe", Unclear),
        ("slack", "http_404", "maybe", Never),
        ("slack", "invalid_auth", "maybe", Never),
        ("slack", "http_503", "no", NotYet),
        ("twilio", "http_500", "maybe", Unclear),
        ("twilio", "21610", "maybe", OptedOut),
        ("smtp", "451", "maybe", Unclear),
        ("smtp", "550", "maybe", Unclear),
        ("smtp", "disconnected", "maybe", Unclear),
        ("smtp", "tls", "maybe", Unclear),
    ],
)
def test_what_may_have_been_done_is_unclear_unless_it_was_refused(
    vendor: str, code: str, done: Literal["no", "maybe"], kind: _Kind
) -> None:
    assert type(failure(vendor, code, "text", done=done)) is kind


def test_the_wait_that_the_vendor_names_beats_the_tables_own() -> None:
    asked = failure("salesforce", "REQUEST_LIMIT_EXCEEDED", "", retry_after=timedelta(seconds=9))
    silent = failure("salesforce", "REQUEST_LIMIT_EXCEEDED", "")
    assert isinstance(asked, NotYet)
    assert isinstance(silent, NotYet)
    assert asked.retry_after == timedelta(seconds=9)
    assert silent.retry_after is not None
    assert silent.retry_after >= timedelta(minutes=1)


@pytest.mark.parametrize(
    ("problem", "final", "wait"),
    [
        (NotYet("slack", "ratelimited", "wait", timedelta(seconds=7)), False, 7),
        (NotYet("slack", "refused", "wait"), False, None),
        (Never("slack", "no_text", "no"), True, None),
        (Unclear("slack", "timeout", "perhaps"), True, None),
    ],
)
def test_only_not_yet_is_retried_by_temporal(
    problem: VendorFailure, final: bool, wait: int | None
) -> None:
    error = as_application_error(problem)
    assert error.type == type(problem).__name__
    assert error.non_retryable is final
    assert error.next_retry_delay == (None if wait is None else timedelta(seconds=wait))
    assert error.details == ("slack", problem.code)
