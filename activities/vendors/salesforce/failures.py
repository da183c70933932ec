"""What went wrong at Salesforce, read from whatever the library or the network raised.

Salesforce's own message texts are never repeated: they quote the values that were written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import requests
from simple_salesforce.exceptions import SalesforceError

from activities.errors import failure
from activities.vendors.ports import VendorFailure

RAISED = (
    SalesforceError,
    requests.RequestException,
    # The library reads some answers without checking their shape.
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
)
"""Everything that a call through the library may raise."""


def explain(
    error: Exception, what: str, retry_after: timedelta | None = None, key_field: str = ""
) -> VendorFailure:
    """The port's failure for ``error``; ``what`` says which call it was, without values."""
    if isinstance(error, SalesforceError):
        code = code_of(error, key_field)
        message = f"{what} was refused with HTTP {error.status}{_named(_first(error))}"
        return failure("salesforce", code, message, retry_after=retry_after)
    code = transport_code(error)
    return failure("salesforce", code, f"{what} got no usable answer", retry_after=retry_after)


def code_of(error: SalesforceError, key_field: str = "") -> str:
    """The vendor's errorCode, or ``http_503`` and the like when the answer names none."""
    first = _first(error)
    read = _read(first.get("errorCode"), first.get("message"), key_field)
    return read or f"http_{error.status}"


def _read(code: object, message: object, key_field: str) -> str:
    """What the vendor's code comes to.

    A trigger that lost a row lock is reported as CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY; only its
    text tells it from a trigger that will fail for ever. Likewise only the text of
    DUPLICATE_VALUE tells our own key from another unique field.
    """
    name, text = str(code or ""), str(message or "")
    if name == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" and "UNABLE_TO_LOCK_ROW" in text:
        return "UNABLE_TO_LOCK_ROW"
    if name == "DUPLICATE_VALUE" and key_field and key_field in text:
        return "DUPLICATE_VALUE_OF_KEY"
    return name


def transport_code(error: Exception) -> str:
    """One of the table's words for a request that got no usable answer."""
    if isinstance(error, requests.Timeout):
        return "timeout"
    if isinstance(error, requests.TooManyRedirects):
        return "redirected"
    if isinstance(error, json.JSONDecodeError) or not isinstance(error, requests.RequestException):
        return "unreadable_answer"
    if isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY" in str(error):
        return "tls"
    return "refused" if "NewConnectionError" in repr(error) else "disconnected"


def _first(error: SalesforceError) -> Mapping[str, Any]:
    content: Any = error.content
    if isinstance(content, list) and content and isinstance(content[0], Mapping):
        return content[0]
    return {}


def _named(error: Mapping[str, Any]) -> str:
    """The fields that an error is about: names of the org's schema, never values."""
    names = [str(name) for name in error.get("fields") or ()]
    unknown = re.search(r"No such column '([\w.]+)'", str(error.get("message") or ""))
    if not names and unknown:
        names = [unknown[1]]
    return f"; fields: {', '.join(names)}" if names else ""
