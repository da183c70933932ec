"""Signing in to Salesforce: by JWT bearer, by client credentials, or by password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import requests
from jwt.exceptions import PyJWTError
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from simple_salesforce.exceptions import SalesforceAuthenticationFailed
from simple_salesforce.login import SalesforceLogin as request_session

from activities.errors import failure
from activities.vendors.ports import VendorFailure
from activities.vendors.salesforce.failures import RAISED, explain
from activities.vendors.salesforce.transport import Outbound

_SETTING = "DRIPSTONE_SALESFORCE__"

_NEEDED = {
    "jwt": ("username", "client_id", "private_key"),
    "client_credentials": ("client_id", "client_secret"),
    "password": ("username", "password"),
}

_SUSPECTS = {
    "invalid_client_id": ("CLIENT_ID",),
    "invalid_client": ("CLIENT_ID", "CLIENT_SECRET"),
    "INVALID_LOGIN": ("USERNAME", "PASSWORD", "SECURITY_TOKEN"),
    "LOGIN_MUST_USE_SECURITY_TOKEN": ("SECURITY_TOKEN",),
    "INVALID_AUTH": ("DOMAIN",),
}

_ADVICE = {
    "jwt": "and that the connected app holds the matching certificate and pre-authorizes the user",
    "client_credentials": "and that the connected app has a run-as user",
    "password": "and that the user may log in by API (SOAP login is off in new orgs)",
}


class SalesforceLogin(BaseModel):
    """How to reach and enter one Salesforce org.

    ``domain`` is login, test, or a My Domain label such as acme.my. With ``base_url`` set, every
    request goes there instead of to ``https://{domain}.salesforce.com``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str | None = Field(default=None, pattern=r"^https?://[^/\s?#]+(/[^\s?#]*)?$")
    login: Literal["jwt", "client_credentials", "password"] = "jwt"
    username: str | None = None
    private_key: SecretStr | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    password: SecretStr | None = None
    security_token: SecretStr | None = None
    domain: str = "login"

    def missing(self) -> list[str]:
        """The environment variables that this kind of login still needs."""
        names = [name for name in _NEEDED[self.login] if not getattr(self, name)]
        if self.login == "client_credentials" and self._public() and not self.base_url:
            names.append("domain")
        return [_SETTING + name.upper() for name in names]

    def request(self) -> dict[str, Any]:
        """The arguments with which the library logs in this way."""
        if self.login == "jwt":
            return self._jwt()
        if self.login == "client_credentials":
            # The library refuses login and test here; behind a base_url the host is not used.
            return {
                "consumer_key": self.client_id,
                "consumer_secret": _shown(self.client_secret),
                "domain": "gateway.my" if self._public() else self.domain,
            }
        return {
            "username": self.username,
            "password": _shown(self.password),
            "security_token": _shown(self.security_token),
            "domain": self.domain,
        }

    def _jwt(self) -> dict[str, Any]:
        # The audience must be login or test although the token may be asked of a My Domain.
        audience = "test" if ".sandbox." in f".{self.domain}." else "login"
        return {
            "username": self.username,
            "consumer_key": self.client_id,
            # Environment files often hold a PEM on one line with \n written out.
            "privatekey": _shown(self.private_key).replace("\\n", "\n"),
            "domain": self.domain if self._public() else audience,
            "instance_url": None if self._public() else self.domain,
        }

    def _public(self) -> bool:
        return self.domain in ("login", "test")


@dataclass(frozen=True, slots=True)
class Signed:
    """A session that Salesforce granted: its token and the host to use it at."""

    session_id: str
    instance: str

    def __repr__(self) -> str:
        """The host alone, so that no log and no traceback shows the token."""
        return f"Signed(instance={self.instance!r})"


def sign_in(login: SalesforceLogin, session: requests.Session, outbound: Outbound) -> Signed:
    """Log in once. Raises NotYet, or Never with the settings to look at, never their values."""
    if missing := login.missing():
        raise failure("salesforce", "not_configured", f"set {', '.join(missing)}")
    try:
        session_id, instance = request_session(session=session, **login.request())
    except SalesforceAuthenticationFailed as error:
        raise _refused(login, error.code, outbound.retry_after) from None
    except PyJWTError:
        raise _refused(login, "bad_private_key") from None
    except RAISED as error:
        if _about_the_key(login, error):
            raise _refused(login, "bad_private_key") from None
        raise explain(error, "login", outbound.retry_after) from None
    # Behind a base_url the instance's own host is never called, and its path would be doubled.
    return Signed(str(session_id), "instance.salesforce.com" if login.base_url else str(instance))


def _refused(
    login: SalesforceLogin, raw: str | int | None, retry_after: timedelta | None = None
) -> VendorFailure:
    if raw is None:
        return failure("salesforce", "unreadable_answer", "login got no usable answer")
    if isinstance(raw, int):
        message = "login got an answer that is neither JSON nor XML"
        return failure("salesforce", f"http_{raw}", message, retry_after=retry_after)
    code = raw.strip().replace(" ", "_")
    suspects = _SUSPECTS.get(code) or (
        ("PRIVATE_KEY",)
        if code == "bad_private_key"
        else tuple(name.upper() for name in (*_NEEDED[login.login], "domain"))
    )
    names = ", ".join(_SETTING + name for name in suspects)
    message = f"login ({login.login}) was refused: check {names}, {_ADVICE[login.login]}"
    return failure("salesforce", code, message)


def _about_the_key(login: SalesforceLogin, error: Exception) -> bool:
    # PyJWT lets cryptography's plain ValueError through for a PEM it cannot read.
    return (
        login.login == "jwt"
        and isinstance(error, (ValueError, TypeError))
        and not isinstance(error, requests.RequestException)
    )


def _shown(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""
