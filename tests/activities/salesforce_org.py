"""The sandbox org for the tests of the Salesforce client, and clients that log into it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from activities.vendors.ports import VendorFailure
from activities.vendors.salesforce import Salesforce, SalesforceLogin, TimeOuts
from tests.patience import PATIENCE
from tests.sandboxed import Running, running_sandbox

Connect = Callable[..., Salesforce]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("salesforce")) as found:
        yield found


@pytest.fixture
def connect(running: Running) -> Iterator[Connect]:
    opened: list[Salesforce] = []

    def open_client(*, seconds: float = PATIENCE, **changes: Any) -> Salesforce:
        time_outs = TimeOuts(connect=PATIENCE, read=seconds)
        client = Salesforce(login_of(running, **changes), time_outs)
        opened.append(client)
        return client

    yield open_client
    running.sandbox.faults.clear()
    for client in opened:
        client.close()


def login_of(running: Running, **changes: Any) -> SalesforceLogin:
    secrets = running.sandbox.secrets.salesforce
    given: dict[str, Any] = {
        "base_url": f"{running.web}/salesforce",
        # The quickest of the three; each of them has tests of its own.
        "login": "client_credentials",
        "username": secrets.username,
        "client_id": secrets.client_id,
        "client_secret": secrets.client_secret,
        "password": secrets.password,
        "security_token": secrets.security_token,
        "private_key": running.private_key,
    }
    return SalesforceLogin.model_validate({**given, **changes})


def new_task(running: Running, **fields: Any) -> tuple[str, dict[str, Any]]:
    lead = running.sandbox.salesforce.seed_lead()
    return f"enrollment:{uuid.uuid4()}/1/mail/1/task", {"Subject": "Hello", "WhoId": lead, **fields}


def tasks_of(running: Running, key: str) -> list[dict[str, Any]]:
    rows = running.sandbox.salesforce.rows("Task")
    return [row for row in rows if row["Dripstone_Key__c"] == key]


async def failure_of(asked: Any) -> VendorFailure:
    with pytest.raises(VendorFailure) as caught:
        await asked
    assert caught.value.__cause__ is None
    return caught.value
