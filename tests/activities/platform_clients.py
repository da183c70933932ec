"""Clients of the sandbox's HubSpot and Marketo, for the tests of the clients."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from activities.vendors.hubspot import Hubspot, HubspotLogin
from activities.vendors.marketo import Marketo, MarketoLogin
from activities.vendors.ports import VendorFailure
from tests.patience import PATIENCE
from tests.sandboxed import Running


def hubspot_of(
    running: Running, token: str = "", base_url: str = "", seconds: float = PATIENCE
) -> Hubspot:
    """A HubSpot client that waits so many seconds for an answer."""
    known = token or running.sandbox.secrets.hubspot.token
    login = HubspotLogin(token=SecretStr(known), base_url=base_url or f"{running.web}/hubspot")
    return Hubspot(login, seconds=seconds)


def marketo_of(
    running: Running, secret: str = "", base_url: str = "", seconds: float = PATIENCE
) -> Marketo:
    """A Marketo client that waits so many seconds for an answer."""
    known = running.sandbox.secrets.marketo
    login = MarketoLogin(
        base_url=base_url or f"{running.web}/marketo",
        client_id=known.client_id,
        client_secret=SecretStr(secret or known.client_secret),
    )
    return Marketo(login, seconds=seconds)


async def failure_of(asked: Any) -> VendorFailure:
    """What the call ended with; nothing of the request stands behind it."""
    with pytest.raises(VendorFailure) as caught:
        await asked
    assert caught.value.__cause__ is None
    return caught.value
