"""The Salesforce client: writes that can be repeated, one bounded re-login, no blocked loop."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar
from urllib.parse import quote

import requests
from simple_salesforce.api import Salesforce as RestClient
from simple_salesforce.exceptions import SalesforceExpiredSession
from simple_salesforce.format import format_external_id, format_soql

from activities.vendors.ports import Never, Receipt
from activities.vendors.salesforce.failures import RAISED, code_of, explain
from activities.vendors.salesforce.login import SalesforceLogin, Signed, sign_in
from activities.vendors.salesforce.transport import Outbound, TimeOuts, open_session

_T = TypeVar("_T")

_LOCKOUT_GUARD_SECONDS = 60.0
_USER_SECONDS = 600.0


class _Channel:
    """One requests session and the library's client on it."""

    def __init__(self, login: SalesforceLogin, time_outs: TimeOuts) -> None:
        self.outbound = Outbound(login.base_url, time_outs)
        self.session: requests.Session = open_session(self.outbound)
        self.signed: Signed | None = None
        self.client: RestClient | None = None

    def on(self, signed: Signed) -> RestClient:
        # A client made from a session id has no login to repeat: the library's own re-login,
        # which is unbounded on some paths and loses headers on others, is off for it.
        if self.client is None or self.signed is not signed:
            self.client = RestClient(
                session_id=signed.session_id, instance=signed.instance, session=self.session
            )
            self.signed = signed
        return self.client


class Salesforce:
    """``Crm`` over the REST API; safe to share between tasks and threads.

    requests does not document its Session as safe between threads, and one lock around one
    session would allow one write at a time. So each call borrows a session of its own, and all
    of them share one login, which only one thread at a time may renew.

    Writes are upserts by external id, updates by id, and creations of what can be there once only.
    All can be repeated without harm, so a lost answer is NotYet and never Unclear. A call makes
    at most two logins and two requests. Raises NotYet or Never, and nothing else.
    """

    def __init__(self, login: SalesforceLogin, time_outs: TimeOuts | None = None) -> None:
        self._login = login
        self._time_outs = time_outs or TimeOuts()
        self._idle: deque[_Channel] = deque()
        self._signing = threading.Lock()
        self._signed: Signed | None = None
        self._barred: tuple[float, Never] | None = None
        self._users: dict[str, tuple[float, str | None]] = {}

    async def upsert(
        self, object_name: str, key_field: str, key: str, fields: Mapping[str, Any]
    ) -> Receipt:
        """Create or update the record whose external id ``key_field`` is ``key``.

        The receipt holds the record's id (the key where an old API version answers without one).
        """
        path = f"sobjects/{object_name}/{format_external_id(key_field, key)}"
        body = _body(fields)

        def ask(client: RestClient) -> Receipt:
            answer = client.restful(path, method="PATCH", data=body)
            if answer is None:
                return Receipt(key)
            return Receipt(str(answer["id"]), "created" if answer.get("created") else "updated")

        return await asyncio.to_thread(self._call, f"upsert of {object_name}", ask, key_field)

    async def create(self, object_name: str, fields: Mapping[str, Any]) -> Receipt:
        """Create a record that the org itself lets be there once; the receipt is its id.

        Raises Never, DUPLICATE_VALUE, if it is there already.
        """
        body = _body(fields)

        def ask(client: RestClient) -> Receipt:
            answer = client.restful(f"sobjects/{object_name}/", method="POST", data=body)
            return Receipt(str((answer or {})["id"]), "created")

        return await asyncio.to_thread(self._call, f"creation of {object_name}", ask)

    async def update(self, object_name: str, record_id: str, fields: Mapping[str, Any]) -> Receipt:
        """Update one record by its id; Salesforce confirms with an empty answer."""
        path = f"sobjects/{object_name}/{quote(record_id, safe='')}"
        body = _body(fields)

        def ask(client: RestClient) -> Receipt:
            client.restful(path, method="PATCH", data=body)
            return Receipt(record_id, "updated")

        return await asyncio.to_thread(self._call, f"update of {object_name}", ask)

    async def query(self, soql: str) -> list[dict[str, Any]]:
        """All rows of a SOQL query, every page of it, without the attributes entry.

        Build ``soql`` with ``format_soql``, which quotes values.
        """

        def ask(client: RestClient) -> list[dict[str, Any]]:
            rows = client.query_all_iter(soql)
            return [{k: v for k, v in row.items() if k != "attributes"} for row in rows]

        return await asyncio.to_thread(self._call, "query", ask)

    async def describe(self, object_name: str) -> dict[str, Any]:
        """What the signed-in user may see of an object: its fields, lengths and external ids."""

        def ask(client: RestClient) -> dict[str, Any]:
            return dict(client.restful(f"sobjects/{object_name}/describe") or {})

        return await asyncio.to_thread(self._call, f"describe of {object_name}", ask)

    async def user_id_by_email(self, email: str) -> str | None:
        """The id of the active user with this address, if there is one; kept for ten minutes."""
        key = email.casefold()
        known = self._users.get(key)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        rows = await self.query(
            format_soql(
                "SELECT Id FROM User WHERE Email = {} AND IsActive = {} ORDER BY Id LIMIT 1",
                email,
                True,
            )
        )
        found = str(rows[0]["Id"]) if rows else None
        self._users[key] = (time.monotonic() + _USER_SECONDS, found)
        return found

    async def email_of_user(self, user_id: str) -> str | None:
        """The address of the active user with this id, if there is one."""
        rows = await self.query(
            format_soql("SELECT Email FROM User WHERE Id = {} AND IsActive = {}", user_id, True)
        )
        return str(rows[0]["Email"]) if rows and rows[0]["Email"] else None

    def close(self) -> None:
        """Close every idle connection."""
        while self._idle:
            self._idle.pop().session.close()

    def _call(self, what: str, ask: Callable[[RestClient], _T], key_field: str = "") -> _T:
        channel = self._borrow()
        try:
            return self._ask_twice(channel, ask)
        except RAISED as error:
            # "from None": the library's error quotes the written values, and a cause would be
            # kept in workflow history.
            raise explain(error, what, channel.outbound.retry_after, key_field) from None
        finally:
            self._idle.append(channel)

    def _ask_twice(self, channel: _Channel, ask: Callable[[RestClient], _T]) -> _T:
        signed = self._entered(channel, stale=None)
        try:
            return ask(channel.on(signed))
        except SalesforceExpiredSession as error:
            if code_of(error) != "INVALID_SESSION_ID":
                raise
        # A request refused with 401 was surely not carried out, so repeating it is safe.
        return ask(channel.on(self._entered(channel, stale=signed)))

    def _borrow(self) -> _Channel:
        try:
            return self._idle.pop()
        except IndexError:
            return _Channel(self._login, self._time_outs)

    def _entered(self, channel: _Channel, stale: Signed | None) -> Signed:
        """The shared login, made anew if there is none or if it is the ``stale`` one."""
        with self._signing:
            if self._signed is None or self._signed is stale:
                self._signed = None
                self._signed = self._sign_in(channel)
            return self._signed

    def _sign_in(self, channel: _Channel) -> Signed:
        # Salesforce locks a user out after a few wrong logins, and a worker may have thousands
        # of steps that want one: a refusal is remembered for a minute.
        if self._barred is not None and self._barred[0] > time.monotonic():
            raise self._barred[1].with_traceback(None)
        try:
            return sign_in(self._login, channel.session, channel.outbound)
        except Never as refused:
            self._barred = (time.monotonic() + _LOCKOUT_GUARD_SECONDS, refused)
            raise


def _body(fields: Mapping[str, Any]) -> str:
    """The fields as JSON; dates and times in ISO 8601, as Salesforce reads them."""

    def text(value: object) -> str:
        if isinstance(value, date):
            return value.isoformat()
        raise TypeError(f"a field of type {type(value).__name__} cannot be written to Salesforce")

    return json.dumps(dict(fields), default=text, allow_nan=False)
