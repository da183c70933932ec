"""Opening the ledger, its transactions and its clock, on SQLite (embedded) or PostgreSQL."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from sqlalchemy import URL, event, func, make_url, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from activities.ledger import migrations
from activities.ledger.tables import facts_about_ledger

BUSY_TIMEOUT_MS = 30_000


class LedgerUnavailable(Exception):
    """The ledger cannot be used; the message says why and how to mend it."""


class Ledger:
    """The one transactional store. All instants are aware and in UTC."""

    synchronous: ClassVar[Literal["FULL", "OFF"]] = "FULL"
    """SQLite's setting. FULL: an event acknowledged with 2xx survives a power cut, not only a
    crash. OFF is for ledgers that are thrown away."""

    sqlite_options: ClassVar[Mapping[str, Any]] = {}
    """What SQLite's driver is told besides."""

    def __init__(self, engine: AsyncEngine, secret: bytes) -> None:
        self._engine = engine
        self._secret = secret
        self.is_sqlite = engine.dialect.name == "sqlite"
        # Writers of one process queue here, in order: SQLite lets them poll, and one may starve.
        self._turn = asyncio.Lock() if self.is_sqlite else nullcontext()

    @classmethod
    async def open(cls, url: str, secret: str | None = None) -> Self:
        """Open (and bring up to date) the ledger at a SQLAlchemy URL.

        Args:
            url: ``sqlite:///path/to/file.db`` or ``postgresql://user@host/database``.
            secret: the key of person ids and unsubscribe tokens; None: one kept in the ledger.

        Raises:
            LedgerUnavailable: it cannot be opened, created or migrated.
        """
        engine = _engine_for(url, cls.synchronous, cls.sqlite_options)
        try:
            await migrations.upgrade(engine)
            async with engine.begin() as tx:
                key = secret or await _kept_secret(tx)
        except SQLAlchemyError as error:
            await engine.dispose()
            raise LedgerUnavailable(_why(url, error)) from None
        return cls(engine, key.encode())

    async def close(self) -> None:
        """Give back every connection."""
        await self._engine.dispose()

    @asynccontextmanager
    async def transaction(
        self, *exclusive: str, shared: Sequence[str] = ()
    ) -> AsyncIterator[AsyncConnection]:
        """One serialised write transaction; commits at the end, rolls back on any exception.

        SQLite has one writer at a time. On PostgreSQL the names in ``exclusive`` and ``shared``
        (a person, an automation) are locked in one order until the end of the transaction.

        Raises:
            LedgerUnavailable: the database refused, for example because the disk is full.
        """
        try:
            async with self._turn, self._engine.connect() as connection:
                tx = await connection.execution_options(dripstone_writes=True)
                async with tx.begin():
                    if not self.is_sqlite:
                        await _lock(tx, exclusive, shared)
                    yield tx
        except DBAPIError as error:
            raise LedgerUnavailable(_why(str(self._engine.url), error)) from None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """One consistent read; nothing may be written.

        Raises:
            LedgerUnavailable: the database does not answer.
        """
        try:
            async with self._engine.connect() as connection, connection.begin():
                yield connection
        except DBAPIError as error:
            raise LedgerUnavailable(_why(str(self._engine.url), error)) from None

    async def now(self, tx: AsyncConnection) -> datetime:
        """The ledger's clock: it decides windows and leases."""
        if self.is_sqlite:
            return datetime.now(UTC)
        found = await tx.scalar(select(func.clock_timestamp()))
        assert isinstance(found, datetime)
        return found.astimezone(UTC)

    async def purge(self, patience: float = 10) -> bool:
        """Take away what the database keeps of rows that are no more; False: readers are in the
        way, so that it must be asked for again. ``patience`` is in seconds.

        On SQLite the write-ahead log is emptied into the file, whose freed bytes are zeros
        (``secure_delete``). PostgreSQL does this by itself, by VACUUM.
        """
        path = self._engine.url.database
        if not self.is_sqlite or not path:
            return True
        async with self._turn:
            return await asyncio.to_thread(_empty_log, path, patience)

    def machine_clock(self) -> datetime:
        """The clock of this machine, which must not be far from the ledger's."""
        return datetime.now(UTC)

    def keyed_hash(self, purpose: str, value: str, length: int = 24) -> str:
        """An HMAC-SHA256 of ``value`` for one purpose, as ``length`` hexadecimal digits."""
        message = f"{len(purpose)}:{purpose}:{value}".encode()
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()[:length]

    @property
    def secret(self) -> bytes:
        """The key behind person ids, message ids and unsubscribe tokens."""
        return self._secret


def _engine_for(url: str, synchronous: str, options: Mapping[str, Any]) -> AsyncEngine:
    try:
        parsed = make_url(url)
    except SQLAlchemyError as error:
        raise LedgerUnavailable(f"DRIPSTONE_LEDGER_URL is no database address: {error}") from error
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        _make_room_for(parsed)
        address = parsed.set(drivername="sqlite+aiosqlite")
        engine = create_async_engine(address, hide_parameters=True, connect_args=dict(options))
        event.listen(engine.sync_engine, "connect", partial(_tune_sqlite, synchronous))
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    if backend == "postgresql":
        address = parsed.set(drivername="postgresql+psycopg")
        # Parameters are personal data, and an activity's error goes into its workflow's history.
        return create_async_engine(address, hide_parameters=True)
    raise LedgerUnavailable(
        f"DRIPSTONE_LEDGER_URL names {backend!r}: use sqlite:///file.db or postgresql://..."
    )


def _make_room_for(url: URL) -> None:
    if not url.database:
        return
    try:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerUnavailable(_why(str(url), error)) from error


def _tune_sqlite(synchronous: str, connection: Any, _record: object) -> None:
    # Explicit BEGIN below: the driver's own transaction control would begin too late.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    # What is erased must not stay behind in the pages of the file.
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.execute(f"PRAGMA synchronous={synchronous}")
    cursor.close()


def _empty_log(path: str, patience: float) -> bool:
    with closing(sqlite3.connect(path, timeout=patience, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete=ON")
        try:
            _rewrite_once(connection)
            is_busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError:
            return False
    return not is_busy


def _rewrite_once(connection: sqlite3.Connection) -> None:
    """Versions before the one that zeroes freed bytes may have left some in the file."""
    known = "SELECT 1 FROM facts_about_ledger WHERE name = 'rewritten'"
    if connection.execute(known).fetchone() is None:
        connection.execute("VACUUM")
        fact = "INSERT INTO facts_about_ledger (center, name, value) VALUES ('', 'rewritten', '')"
        connection.execute(fact)


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("dripstone_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


async def _lock(tx: AsyncConnection, exclusive: Sequence[str], shared: Sequence[str]) -> None:
    """Advisory locks in one global order, so that two transactions never wait for each other."""
    wanted = dict.fromkeys(shared, "pg_advisory_xact_lock_shared")
    wanted |= dict.fromkeys(exclusive, "pg_advisory_xact_lock")
    for name in sorted(wanted):
        await tx.execute(text(f"SELECT {wanted[name]}(hashtextextended(:name, 0))"), {"name": name})


async def _kept_secret(tx: AsyncConnection) -> str:
    row = facts_about_ledger
    found = await tx.scalar(select(row.c.value).where(row.c.name == "secret"))
    if not isinstance(found, str):
        raise LedgerUnavailable("the ledger has no secret: its first migration did not run")
    return found


def _why(url: str, error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    where = make_url(url).render_as_string(hide_password=True)
    hint = "check DRIPSTONE_LEDGER_URL and that the database is up"
    if isinstance(cause, sqlite3.Error | OSError):
        hint = "check that the disk has room and the file can be written"
    if isinstance(error, OperationalError) and "locked" in str(cause):
        hint = "another process has kept it locked for 30 s"
    return f"ledger {where}: {_without_data(cause)}: {hint}"


def _without_data(cause: BaseException) -> str:
    """What a driver said, without what may quote a row: no value of it, no DETAIL, no parameters.

    PostgreSQL quotes values in its messages also, so of those only the kind and the SQLSTATE are
    told. What a connection failed of comes without a SQLSTATE.
    """
    state = getattr(cause, "sqlstate", None)
    if state:
        return f"{type(cause).__name__} (SQLSTATE {state})"
    said = str(cause).strip().partition("\n")[0]
    return f"{type(cause).__name__}: {said}" if said else type(cause).__name__
