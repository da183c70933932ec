"""Microsoft Teams by the webhook of a workflow: one Adaptive Card, which cannot be taken back."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from activities.vendors.http_calls import Call, ask, refusal
from activities.vendors.ports import Never, Receipt

_TIME_OUT = timedelta(seconds=15)
_LARGEST = 27_000
"""Bytes; Teams takes about 28 KB, and says so only later and elsewhere."""

_MARKDOWN = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]()"})


class TeamsLogin(BaseModel):
    """The address of the webhook. It carries its own signature: who knows it can post."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    webhook_url: SecretStr = Field(min_length=10)


class Teams:
    """``Board`` over "When a Teams webhook request is received"; safe to share between tasks."""

    def __init__(self, login: TeamsLogin) -> None:
        self._login = login

    async def pin(self, title: str, text: str) -> Receipt:
        """Post a card. Teams answers only that it has queued it, so the reference is our own.

        Raises:
            NotYet, Never: it was surely not taken. Unclear: the answer was lost.
        """
        content = json.dumps(_message(title, text)).encode()
        if len(content) > _LARGEST:
            raise Never("teams", "too_large", "the card is over 27 KB: shorten the step's text")
        url = self._login.webhook_url.get_secret_value()
        call = Call("teams", "a card", "POST", url, content=content)
        answer = await ask(call, _TIME_OUT)
        if answer.is_success:
            return Receipt(f"queued-{uuid.uuid4().hex[:12]}")
        advice = ""
        if answer.status_code in (400, 401, 403, 404, 410):
            advice = ": check DRIPSTONE_TEAMS__WEBHOOK_URL, and that its workflow is on"
        raise refusal(call, answer, "", advice)


def _message(title: str, text: str) -> dict[str, Any]:
    """The card in its envelope. Text blocks read Markdown; what a lead wrote must not be any."""
    blocks: list[dict[str, Any]] = []
    if title:
        blocks.append(_block(title) | {"weight": "Bolder", "size": "Medium"})
    blocks += [_block(line) for line in text.split("\n") if line.strip()]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {
        "type": "message",
        "attachments": [{"contentType": kind, "contentUrl": None, "content": card}],
    }


def _block(text: str) -> dict[str, Any]:
    return {"type": "TextBlock", "text": text.translate(_MARKDOWN), "wrap": True}
