"""HTTP connections: which system a step may call, how to log in there, and what it can take.

Secrets are named by their environment variables and are never here.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from workflows.engine.base import Name
from workflows.engine.durations import Duration

EnvironmentName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,99}$")]
Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")]
"""The name of a header (RFC 9110, 5.6.2)."""
Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?$")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Bearer(_Strict):
    """``Authorization: Bearer`` and the token in that variable."""

    kind: Literal["bearer"]
    token_env: EnvironmentName

    @property
    def variable(self) -> str:
        """The environment variable that holds the secret."""
        return self.token_env


class Basic(_Strict):
    """User name and the password in that variable (RFC 7617)."""

    kind: Literal["basic"]
    username: str = Field(pattern=r"^[^:\x00-\x1f\x7f]{1,100}$")
    password_env: EnvironmentName

    @property
    def variable(self) -> str:
        """The environment variable that holds the secret."""
        return self.password_env


class SecretHeader(_Strict):
    """A header of the receiver's own, such as ``X-API-Key``, with the value in that variable."""

    kind: Literal["header"]
    header: Token
    value_env: EnvironmentName

    @property
    def variable(self) -> str:
        """The environment variable that holds the secret."""
        return self.value_env


Login = Annotated[Bearer | Basic | SecretHeader, Field(discriminator="kind")]


class HttpConnection(_Strict):
    """One system that steps may call.

    A step's path is put after ``base_url``; it may also be a whole address, whose host must then
    be among ``allowed_hosts`` (``host`` or ``host:port``). All is https; with ``allow_loopback``
    the host may also be this very machine, and plain http then. ``idempotency_header`` is the
    header under which the receiver takes a key, and answers the same when it comes again:
    only say so of a receiver that does. ``idempotency_lifetime`` is for how long it remembers the
    key (left out: for good); a call that may have been made before that is unknown. ``busy`` are
    statuses that mean "not now, ask again".
    """

    base_url: str = Field(
        pattern=r"^(https|http)://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[!-~]*)?$",
        max_length=500,
    )
    allowed_hosts: tuple[Host, ...] = Field(default=(), max_length=50)
    auth: Login | None = None
    time_out_seconds: float = Field(default=10, gt=0, le=15)
    largest_answer: int = Field(default=65_536, ge=0, le=1_048_576)
    idempotency_header: Token | None = None
    idempotency_lifetime: Duration | None = Field(default=None, ge=timedelta(minutes=2))
    busy: tuple[Annotated[int, Field(ge=300, le=599)], ...] = ()
    allow_loopback: bool = False

    @model_validator(mode="after")
    def _is_https_or_this_machine(self) -> HttpConnection:
        if self.base_url.startswith("http:") and not self.allow_loopback:
            raise ValueError("base_url: must be https; plain http is for allow_loopback: true only")
        if self.idempotency_lifetime and not self.idempotency_header:
            raise ValueError("idempotency_lifetime: belongs to an idempotency_header")
        if any(part in self.base_url for part in "?#\\@") or "/../" in f"{self.base_url}/":
            raise ValueError("base_url: only scheme, host, port and path may stand in it")
        return self


class Listener(_Strict):
    """Where tracked events are posted: a path of an HTTP connection."""

    connection: Name
    path: str = Field(default="", pattern=r"^(|/|/[^/].*)$", max_length=500)
