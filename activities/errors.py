"""The one retry table: which code of which vendor means not yet, never, or unclear.

Vendor files name a code and say whether the request may have been carried out; this file
decides. Sources: each vendor's public list of error codes, RFC 5321 (SMTP), RFC 9110 (HTTP).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Literal

from temporalio.exceptions import ApplicationError

from activities.vendors.ports import (
    Never,
    NoSuchNumber,
    NotYet,
    OptedOut,
    Unclear,
    VendorFailure,
)

_Verdict = type[NotYet] | type[Never] | type[Unclear]
_Codes = dict[str, _Verdict]


def _all(verdict: _Verdict, codes: str) -> _Codes:
    return dict.fromkeys(codes.split(), verdict)


_TRANSPORT: _Codes = {
    **_all(NotYet, "refused disconnected timeout unreadable_answer"),
    # A certificate that does not fit will not fit in a minute either.
    **_all(Never, "tls"),
    **_all(NotYet, "http_408 http_425 http_429"),
}

_SALESFORCE: _Codes = {
    **_all(
        NotYet,
        "UNABLE_TO_LOCK_ROW REQUEST_LIMIT_EXCEEDED INVALID_SESSION_ID SERVER_UNAVAILABLE"
        " UNKNOWN_EXCEPTION QUERY_TIMEOUT LOGIN_RATE_EXCEEDED LOGIN_DURING_RESTRICTED_TIME"
        " ORG_IN_MAINTENANCE http_409 unknown_error server_error temporarily_unavailable",
    ),
    # Two first upserts of one key at once: the loser repeats and finds the winner's record.
    **_all(NotYet, "DUPLICATE_VALUE_OF_KEY"),
    **_all(
        Never,
        "DUPLICATE_VALUE DUPLICATES_DETECTED ENTITY_IS_DELETED NOT_FOUND INVALID_FIELD"
        " REQUIRED_FIELD_MISSING STRING_TOO_LONG INVALID_EMAIL_ADDRESS MALFORMED_ID"
        " INVALID_CROSS_REFERENCE_KEY INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
        " FIELD_CUSTOM_VALIDATION_EXCEPTION FIELD_INTEGRITY_EXCEPTION"
        " CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY INSUFFICIENT_ACCESS_OR_READONLY"
        " INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY INSUFFICIENT_ACCESS"
        " INVALID_FIELD_FOR_INSERT_UPDATE JSON_PARSER_ERROR CANNOT_UPDATE_CONVERTED_LEAD"
        " PROCESSING_HALTED MALFORMED_QUERY INVALID_TYPE METHOD_NOT_ALLOWED"
        " API_DISABLED_FOR_ORG API_CURRENTLY_DISABLED"
        # Ours: what a Campaign lacks is seen before anything is written.
        " NO_SUCH_CAMPAIGN NO_SUCH_MEMBER_STATUS MEMBER_GONE MEMBER_MISMATCH",
    ),
    **_all(Never, "http_300 http_410"),
    **_all(
        Never,
        "invalid_grant invalid_client_id invalid_client invalid_app_access"
        " unsupported_grant_type invalid_request INVALID_LOGIN not_configured"
        " LOGIN_MUST_USE_SECURITY_TOKEN INVALID_AUTH bad_private_key",
    ),
}

_SLACK: _Codes = {
    # request_timeout: the posted data arrived cut short, so nothing was posted.
    **_all(NotYet, "ratelimited rate_limited service_unavailable request_timeout"),
    # Slack says of both that some aspect of the operation may have succeeded.
    **_all(Unclear, "fatal_error internal_error"),
    **_all(
        Never,
        "channel_not_found not_in_channel is_archived no_text msg_blocks_too_long"
        " msg_too_long invalid_blocks invalid_blocks_format markdown_text_conflict"
        " restricted_action restricted_action_read_only_channel"
        " restricted_action_thread_only_channel restricted_action_non_threadable_channel"
        " restricted_action_thread_locked invalid_auth not_authed token_revoked token_expired"
        " account_inactive missing_scope users_not_found duplicate_message_not_found"
        " duplicate_channel_not_found",
    ),
}

_HTTP: _Codes = {
    # unresolved: a name server may be down; busy: what the connection says means "not now".
    **_all(NotYet, "unresolved busy"),
    **_all(
        Never,
        "bad_address forbidden_address bad_header bad_request bad_secret not_configured redirected",
    ),
}

_HUBSPOT: _Codes = {
    **_all(
        NotYet,
        "RATE_LIMIT_SECONDLY RATE_LIMIT_TEN_SECONDLY_ROLLING RATE_LIMIT_DAILY RATE_LIMIT"
        " LOCKED http_423",
    ),
    **_all(
        Never,
        "VALIDATION_ERROR PROPERTY_DOESNT_EXIST CONFLICT OBJECT_NOT_FOUND"
        " INVALID_AUTHENTICATION EXPIRED_AUTHENTICATION MISSING_SCOPES BANNED not_configured"
        " no_template no_meeting",
    ),
}

# Codes of three digits are about the whole request, which was not carried out then; those of four
# about one record (Marketo, REST error codes).
_MARKETO: _Codes = {
    **_all(NotYet, "502 601 602 604 606 607 608 611 614 615 713 719"),
    **_all(Never, "600 603 605 609 610 612 701 702 709 http_413 http_414"),
    **_all(Never, "1001 1002 1003 1004 1005 1006 1007 1008 1010 1011 1013 1025"),
    **_all(Never, "invalid_client not_configured not_an_id"),
}

_SMARTLEAD: _Codes = {
    **_all(NotYet, "not_listed_yet RATE_LIMIT_EXCEEDED earlier_stop_open"),
    **_all(
        Never,
        "invalid_api_key not_configured no_such_campaign in_other_campaign blocked invalid_email"
        " bounced_there no_address unsubscribed_there lead_limit not_ours not_taken",
    ),
}

# Twilio splits its codes further from time to time and warns against relying on single ones: what
# is not here is Never. 21610 must be told apart, for it is an opt-out that we have not heard of.
_TWILIO: _Codes = {
    **_all(NotYet, "20429 http_409 20006"),
    # A 500 may come after the message was queued.
    **_all(Unclear, "20500"),
    **_all(OptedOut, "21610"),
    **_all(NoSuchNumber, "21211 21214 21217 21614 21635"),
    **_all(
        Never,
        "20003 20005 20008 20404 21212 21408 21602 21603 21604 21605 21606 21607 21608 21609"
        " 21611 21612 21617 21619 21659 21660 63038 not_configured",
    ),
}

_TEAMS: _Codes = {**_all(Never, "http_413 too_large not_configured")}

_TABLE: dict[str, _Codes] = {
    "salesforce": _SALESFORCE,
    "slack": _SLACK,
    "twilio": _TWILIO,
    "teams": _TEAMS,
    "smartlead": _SMARTLEAD,
    "hubspot": _HUBSPOT,
    "marketo": _MARKETO,
    "http": _HTTP,
}

_PREFIXES: dict[str, tuple[tuple[str, _Verdict], ...]] = {
    "salesforce": (
        ("TXN_SECURITY_NO_ACCESS", Never),
        ("TXN_SECURITY", NotYet),
        ("INSUFFICIENT_ACCESS", Never),
    ),
    "slack": (("restricted_action", Never),),
}

_PAUSES: dict[tuple[str, str], timedelta] = {
    # The org-wide limit counts 24 hours, and asking again at once uses it up further.
    ("salesforce", "REQUEST_LIMIT_EXCEEDED"): timedelta(minutes=5),
    ("salesforce", "INVALID_SESSION_ID"): timedelta(minutes=1),
    ("hubspot", "RATE_LIMIT_SECONDLY"): timedelta(seconds=2),
    ("hubspot", "RATE_LIMIT_TEN_SECONDLY_ROLLING"): timedelta(seconds=10),
    ("hubspot", "RATE_LIMIT_DAILY"): timedelta(hours=2),
    # 100 calls in 20 seconds, 10 calls at once; after a new token 601 and 602 are their fault.
    ("marketo", "606"): timedelta(seconds=20),
    ("marketo", "615"): timedelta(seconds=5),
    ("marketo", "601"): timedelta(minutes=1),
    ("marketo", "602"): timedelta(minutes=1),
}


def failure(
    vendor: str,
    code: str,
    message: str,
    *,
    done: Literal["no", "maybe"] = "no",
    retry_after: timedelta | None = None,
) -> VendorFailure:
    """What ``code`` of ``vendor`` means; the caller raises it.

    ``done`` is "maybe" when the request was written and its answer was lost, and the call cannot
    be repeated safely: what would be NotYet is Unclear then. ``message`` must hold no personal
    data. ``retry_after`` is the wait the vendor asked for. A code that no row knows is judged by
    its HTTP class when it reads ``http_503``, and is Never otherwise.
    """
    verdict = _smtp(code) if vendor == "smtp" else _lookup(vendor, code)
    if done == "maybe" and (verdict is NotYet or vendor == "smtp"):
        verdict = Unclear
    if verdict is NotYet:
        return NotYet(vendor, code, message, retry_after or _PAUSES.get((vendor, code)))
    return verdict(vendor, code, message)


def as_application_error(failure: VendorFailure) -> ApplicationError:
    """The Temporal error for a vendor failure; its type is NotYet, Never or Unclear.

    Only NotYet is retried, after the vendor's own wait if it named one. The details are the
    vendor's name and its code.
    """
    wait = failure.retry_after if isinstance(failure, NotYet) else None
    return ApplicationError(
        str(failure),
        failure.vendor,
        failure.code,
        type=type(failure).__name__,
        non_retryable=not isinstance(failure, NotYet),
        next_retry_delay=wait,
    )


def known_codes(vendor: str) -> Iterable[str]:
    """Every code that the table names for ``vendor``."""
    return _TABLE.get(vendor, {}).keys()


def known_vendors() -> Iterable[str]:
    """Every vendor that the table has codes of."""
    return _TABLE.keys()


def _smtp(code: str) -> _Verdict:
    if code[:1] == "5":
        return Never
    if code[:1] == "4":
        return NotYet
    return _TRANSPORT.get(code, Never)


def _lookup(vendor: str, code: str) -> _Verdict:
    exact = _TABLE.get(vendor, {}).get(code) or _TRANSPORT.get(code)
    if exact is not None:
        return exact
    for prefix, verdict in _PREFIXES.get(vendor, ()):
        if code.startswith(prefix):
            return verdict
    return NotYet if re.fullmatch(r"http_5\d\d", code) else Never
