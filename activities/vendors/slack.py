"""Slack over its Web API with slack_sdk; a post is not repeatable, so a lost answer is Unclear."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Mapping
from datetime import timedelta
from http.client import HTTPException
from socket import gaierror
from typing import Any, Literal
from urllib.error import URLError

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import WebClient

from activities.errors import failure
from activities.vendors.ports import Receipt, VendorFailure

_TIME_OUT_SECONDS = 15


class SlackLogin(BaseModel):
    """Where Slack is and the bot token for it (scopes chat:write, users:read.email, im:write)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: SecretStr
    base_url: str = Field(default="https://slack.com/api/", pattern=r"^https?://[^/\s?#]+(/\S*)?$")


class Slack:
    """``Chat`` over chat.postMessage; safe to share between tasks.

    Slack has no idempotency key, and the SDK's own retry of a dropped connection doubles the
    message: it is off. Raises NotYet, Never, or Unclear when the answer was lost.
    """

    def __init__(self, login: SlackLogin, time_out_seconds: int = _TIME_OUT_SECONDS) -> None:
        # The SDK hands message texts to its logger at level DEBUG, and judges the level by this
        # logger alone: one with a level of its own keeps them out.
        quiet = logging.getLogger("dripstone.slack")
        quiet.setLevel(logging.WARNING)
        # One call of this client shares nothing with the next (urllib opens a connection each
        # time), so threads may use it at once.
        self._client = WebClient(
            token=login.token.get_secret_value(),
            base_url=login.base_url,
            timeout=time_out_seconds,
            retry_handlers=[],
            logger=quiet,
        )
        # The SDK would send every address through HTTPS_PROXY, loopback too; urllib underneath
        # keeps the usual rules (no_proxy) when the SDK names none.
        self._client.proxy = None

    async def post(self, channel: str, text: str) -> Receipt:
        """Post ``text`` (Slack markup) to a channel id or name; the receipt is its timestamp."""
        answer = await self._call(
            "chat.postMessage", {"channel": channel, "text": text}, repeatable=False
        )
        return Receipt(str(answer["ts"]))

    async def probe(self) -> None:
        """Ask who the token is: nothing is posted. Raises as every call."""
        await self._call("auth.test", {}, repeatable=True)

    async def _call(
        self, method: str, arguments: dict[str, Any], *, repeatable: bool
    ) -> Mapping[str, Any]:
        lost: Literal["no", "maybe"] = "no" if repeatable else "maybe"
        try:
            answer = await asyncio.to_thread(self._client.api_call, method, json=arguments)
            if isinstance(answer.data, bytes):
                raise failure("slack", "unreadable_answer", f"{method} answered bytes", done=lost)
            return answer.data
        # "from None": the SDK's errors carry the whole answer, and a cause would be kept in
        # workflow history.
        except SlackApiError as error:
            raise _refused(method, error, lost) from None
        except (OSError, HTTPException, ValueError, SlackClientError) as error:
            raise _unanswered(method, error, lost) from None


def _refused(method: str, error: SlackApiError, lost: Literal["no", "maybe"]) -> VendorFailure:
    response = error.response
    headers: Mapping[str, str] = {str(k).lower(): str(v) for k, v in response.headers.items()}
    wait = headers.get("retry-after", "")
    after = timedelta(seconds=int(wait)) if wait.isdigit() else None
    status = int(response.status_code)
    answer = response.data if isinstance(response.data, dict) else {}
    code = str(answer.get("error") or "")
    if status == 429:
        return failure("slack", "ratelimited", f"{method} must wait", retry_after=after)
    # The SDK puts a sentence into "error" when the body was not JSON.
    if not code or " " in code:
        code = f"http_{status}" if status != 200 else "unreadable_answer"
        return failure("slack", code, f"{method} got no usable answer", done=lost)
    needed = f"; the token lacks the scope {answer['needed']}" if answer.get("needed") else ""
    return failure("slack", code, f"{method} was refused{needed}{_advice(code)}", retry_after=after)


def _advice(code: str) -> str:
    if code in ("invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"):
        return ": check DRIPSTONE_SLACK__TOKEN"
    if code in ("not_in_channel", "channel_not_found"):
        return ": check the channel and invite the bot into it"
    return ""


def _unanswered(method: str, error: Exception, lost: Literal["no", "maybe"]) -> VendorFailure:
    cause = error.reason if isinstance(error, URLError) else error
    message = f"{method} got no usable answer"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return failure("slack", "tls", message)
    if isinstance(cause, (ConnectionRefusedError, gaierror)):
        return failure("slack", "refused", message)
    if isinstance(cause, TimeoutError):
        return failure("slack", "timeout", message, done=lost)
    code = "disconnected" if isinstance(cause, (OSError, HTTPException)) else "unreadable_answer"
    return failure("slack", code, message, done=lost)
