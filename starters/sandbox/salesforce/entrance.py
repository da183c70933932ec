"""The sandbox org's doors: OAuth by JWT bearer and client credentials, and the SOAP login."""

from __future__ import annotations

import base64
import secrets as stdlib_secrets
import time
from hmac import compare_digest
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import jwt
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from starters.sandbox.credentials import SalesforceSecrets
from starters.sandbox.log import Log

_ORG = "00D5e0000000001"
_INSTANCE = "https://sandbox.my.salesforce.com"
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCES = ["https://login.salesforce.com", "https://test.salesforce.com"]
_LONGEST_ASSERTION_SECONDS = 300


class _Denied(Exception):
    """An OAuth error and its description."""


class Entrance:
    """Grants sessions. They do not outlive the process, so clients must cope with a 401."""

    def __init__(self, secrets: SalesforceSecrets, log: Log) -> None:
        self._secrets = secrets
        self._log = log
        self._sessions: set[str] = set()

    def admits(self, request: Request) -> bool:
        """Whether the request carries a session that was granted and not ended."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme in ("Bearer", "OAuth") and token in self._sessions

    def end(self, request: Request) -> None:
        """End the session that the request carries."""
        self._sessions.discard(request.headers.get("authorization", "").partition(" ")[2])

    async def token(self, request: Request) -> Response:
        """POST /services/oauth2/token (RFC 6749, RFC 7523)."""
        form = {k: v[0] for k, v in parse_qs((await request.body()).decode()).items()}
        grant = form.get("grant_type", "")
        try:
            if grant == _JWT_BEARER:
                self._check_assertion(form.get("assertion", ""))
            elif grant == "client_credentials":
                self._check_client(request, form)
            else:
                raise _Denied("unsupported_grant_type", "grant type not supported")
        except _Denied as denied:
            self._log.append("salesforce", "login_refused", grant=grant, error=denied.args[0])
            body = {"error": denied.args[0], "error_description": denied.args[1]}
            return JSONResponse(body, status_code=400)
        self._log.append("salesforce", "login", grant=grant)
        answer: dict[str, Any] = {
            "access_token": self._grant(),
            "scope": "api",
            "instance_url": _INSTANCE,
            "id": f"https://login.salesforce.com/id/{_ORG}/user",
            "token_type": "Bearer",
        }
        return JSONResponse(answer)

    async def soap(self, request: Request) -> Response:
        """POST /services/Soap/u/{version}: the partner API's login call."""
        try:
            body = ElementTree.fromstring(await request.body())
        except ElementTree.ParseError:
            return _fault("INVALID_SOAP_ENVELOPE", "the envelope is not XML")
        username = body.findtext(".//{urn:partner.soap.sforce.com}username") or ""
        password = body.findtext(".//{urn:partner.soap.sforce.com}password") or ""
        if not username:
            return _fault("INVALID_OPERATION", "this sandbox knows the login call only")
        right = self._secrets.password + self._secrets.security_token
        known = _same(username, self._secrets.username)
        if not (known and _same(password, right)):
            self._log.append("salesforce", "login_refused", grant="soap", error="INVALID_LOGIN")
            if known and _same(password, self._secrets.password):
                return _fault("LOGIN_MUST_USE_SECURITY_TOKEN", "append the security token")
            return _fault("INVALID_LOGIN", "Invalid username, password, security token")
        self._log.append("salesforce", "login", grant="soap")
        return Response(_SIGNED_IN.format(session=escape(self._grant())), media_type="text/xml")

    def _grant(self) -> str:
        session = f"{_ORG}!{stdlib_secrets.token_urlsafe(32)}"
        self._sessions.add(session)
        return session

    def _check_assertion(self, assertion: str) -> None:
        try:
            claims = jwt.decode(
                assertion,
                self._secrets.public_key,
                algorithms=["RS256"],
                audience=_AUDIENCES,
                options={"require": ["iss", "sub", "aud", "exp"]},
            )
        except jwt.InvalidAudienceError:
            raise _Denied("invalid_grant", "audience is invalid") from None
        except jwt.ExpiredSignatureError:
            raise _Denied("invalid_grant", "expired authorization code") from None
        except jwt.PyJWTError:
            raise _Denied("invalid_grant", "invalid assertion") from None
        if not _same(str(claims["iss"]), self._secrets.client_id):
            raise _Denied("invalid_client_id", "client identifier invalid")
        if int(claims["exp"]) > time.time() + _LONGEST_ASSERTION_SECONDS:
            raise _Denied("invalid_grant", "invalid assertion")
        if not _same(str(claims["sub"]), self._secrets.username):
            raise _Denied("invalid_grant", "user hasn't approved this consumer")

    def _check_client(self, request: Request, form: dict[str, str]) -> None:
        client, secret = form.get("client_id", ""), form.get("client_secret", "")
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if scheme == "Basic":
            try:
                client, _, secret = base64.b64decode(encoded).decode().partition(":")
            except ValueError:
                raise _Denied("invalid_client", "invalid client credentials") from None
        if not _same(client, self._secrets.client_id):
            raise _Denied("invalid_client_id", "client identifier invalid")
        if not _same(secret, self._secrets.client_secret):
            raise _Denied("invalid_client", "invalid client credentials")


def _same(given: str, right: str) -> bool:
    return compare_digest(given.encode(), right.encode())


def _fault(code: str, message: str) -> Response:
    body = _FAULT.format(code=code, message=escape(f"{code}: {message}"))
    return Response(body, status_code=500, media_type="text/xml")


_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"{spaces}>'
    "<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
)
_SIGNED_IN = _ENVELOPE.format(
    spaces=' xmlns="urn:partner.soap.sforce.com"',
    body=(
        "<loginResponse><result><passwordExpired>false</passwordExpired>"
        f"<serverUrl>{_INSTANCE}/services/Soap/u/59.0/{_ORG}</serverUrl>"
        "<sessionId>{{session}}</sessionId></result></loginResponse>"
    ).replace("{{session}}", "{session}"),
)
_FAULT = _ENVELOPE.format(
    spaces=' xmlns:sf="urn:fault.partner.soap.sforce.com"',
    body=(
        "<soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{message}</faultstring>"
        "<detail><sf:LoginFault><sf:exceptionCode>{code}</sf:exceptionCode>"
        "<sf:exceptionMessage>{message}</sf:exceptionMessage></sf:LoginFault></detail>"
        "</soapenv:Fault>"
    ),
)
