"""Logging into the sandbox org: each kind of login, renewal, and what is wrong with one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from activities.vendors.ports import Never, NotYet
from activities.vendors.salesforce import SalesforceLogin
from tests.activities.salesforce_org import (
    Connect,
    connect,
    failure_of,
    new_task,
    running,
    tasks_of,
)
from tests.sandboxed import Running

__all__ = ["connect", "running"]


@pytest.mark.parametrize("login", ["jwt", "client_credentials", "password"])
async def test_each_login_lets_the_client_write(
    running: Running, connect: Connect, login: str
) -> None:
    key, fields = new_task(running)
    receipt = await connect(login=login).upsert("Task", "Dripstone_Key__c", key, fields)
    assert [row["Id"] for row in tasks_of(running, key)] == [receipt.reference]


async def test_an_expired_session_is_renewed_without_the_caller_noticing(
    running: Running, connect: Connect
) -> None:
    key, fields = new_task(running)
    client, before = connect(), running.mark()
    running.sandbox.faults.set("salesforce", "api", "expired_session")
    await client.upsert("Task", "Dripstone_Key__c", key, fields)
    assert len(running.logged("salesforce", "login", before)) == 2
    assert len(tasks_of(running, key)) == 1


async def test_a_standing_401_ends_after_one_more_login(running: Running, connect: Connect) -> None:
    key, fields = new_task(running)
    client, before = connect(), running.mark()
    running.sandbox.faults.set("salesforce", "api", "expired_session", times=50)
    problem = await failure_of(client.upsert("Task", "Dripstone_Key__c", key, fields))
    assert (type(problem), problem.code) == (NotYet, "INVALID_SESSION_ID")
    assert len(running.logged("salesforce", "login", before)) == 2
    assert tasks_of(running, key) == []


async def test_writes_at_once_share_one_login(running: Running, connect: Connect) -> None:
    client, before = connect(), running.mark()
    tasks = [new_task(running) for _ in range(12)]
    await asyncio.gather(
        *(client.upsert("Task", "Dripstone_Key__c", key, fields) for key, fields in tasks)
    )
    assert len(running.logged("salesforce", "login", before)) == 1
    assert all(len(tasks_of(running, key)) == 1 for key, _ in tasks)


def _other_key() -> str:
    return (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


@pytest.mark.parametrize(
    ("login", "wrong", "code"),
    [
        ("jwt", ("private_key", _other_key), "invalid_grant"),
        ("jwt", ("private_key", lambda: "hush, not a key"), "bad_private_key"),
        ("jwt", ("private_key", lambda: None), "not_configured"),
        ("jwt", ("client_id", lambda: "hush"), "invalid_client_id"),
        ("jwt", ("username", lambda: "hush@example.com"), "invalid_grant"),
        ("client_credentials", ("client_secret", lambda: "hush"), "invalid_client"),
        ("client_credentials", ("client_id", lambda: "hush"), "invalid_client_id"),
        ("password", ("password", lambda: "hush"), "INVALID_LOGIN"),
        ("password", ("username", lambda: "hush@example.com"), "INVALID_LOGIN"),
        ("password", ("security_token", lambda: None), "LOGIN_MUST_USE_SECURITY_TOKEN"),
    ],
)
@pytest.mark.filterwarnings("ignore:\\s*If your connected app policy")
async def test_a_wrong_credential_is_never_and_names_the_setting_but_no_secret(
    running: Running,
    connect: Connect,
    login: str,
    wrong: tuple[str, Callable[[], Any]],
    code: str,
) -> None:
    setting, value = wrong
    client, before = connect(login=login, **{setting: value()}), running.mark()
    for _ in range(3):
        problem = await failure_of(client.query("SELECT Id FROM Lead LIMIT 1"))
        assert (type(problem), problem.code) == (Never, code)
        assert f"DRIPSTONE_SALESFORCE__{setting.upper()}" in str(problem)
        assert "hush" not in str(problem)
    # A user whose password is wrong gets locked out, so a refusal is not asked for again at once.
    assert len(running.logged("salesforce", "login_refused", before)) <= 1


@pytest.mark.parametrize(
    ("kind", "code"), [("html", "http_503"), ("drop", "disconnected"), ("status", "unknown_error")]
)
@pytest.mark.parametrize("login", ["jwt", "password"])
async def test_a_login_that_fails_in_passing_is_not_yet_and_works_later(
    running: Running, connect: Connect, kind: str, code: str, login: str
) -> None:
    client = connect(login=login)
    running.sandbox.faults.set("salesforce", "login", kind)
    problem = await failure_of(client.query("SELECT Id FROM Lead LIMIT 1"))
    assert isinstance(problem, NotYet)
    if login == "jwt":
        assert problem.code == code
    await client.query("SELECT Id FROM Lead LIMIT 1")


async def test_an_org_that_cannot_be_reached_is_not_yet(connect: Connect) -> None:
    client = connect(base_url="http://127.0.0.1:1")
    problem = await failure_of(client.query("SELECT Id FROM Lead LIMIT 1"))
    assert (type(problem), problem.code) == (NotYet, "refused")


def test_secrets_do_not_show_in_a_printed_login() -> None:
    login = SalesforceLogin(password=SecretStr("hush"), security_token=SecretStr("hush"))
    assert "hush" not in repr(login)
