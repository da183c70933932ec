"""The Slack client against the sandbox workspace, over real HTTP."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from activities.vendors.ports import Never, NotYet, Unclear, VendorFailure
from activities.vendors.slack import Slack, SlackLogin
from starters.sandbox.faults import Fault
from tests.patience import PATIENCE
from tests.sandboxed import Running, running_sandbox

_Kind = type[NotYet] | type[Never] | type[Unclear]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("slack")) as found:
        yield found


@pytest.fixture
def slack(running: Running) -> Iterator[Slack]:
    yield _client(running, running.sandbox.secrets.slack.token)
    running.sandbox.faults.clear()


def _client(running: Running, token: str, base_url: str = "", seconds: int = PATIENCE) -> Slack:
    login = SlackLogin(token=SecretStr(token), base_url=base_url or f"{running.web}/slack/api")
    return Slack(login, time_out_seconds=seconds)


async def _failure(asked: Any) -> VendorFailure:
    with pytest.raises(VendorFailure) as caught:
        await asked
    assert caught.value.__cause__ is None
    return caught.value


def _posted(running: Running, text: str) -> list[dict[str, Any]]:
    return [m for m in running.sandbox.slack.messages() if m["text"] == text]


@pytest.mark.parametrize("channel", ["sales", "#sales", "C00000002"])
async def test_a_post_reaches_the_channel_and_answers_its_timestamp(
    running: Running, slack: Slack, channel: str
) -> None:
    text = f"*Reply* from a lead {uuid.uuid4()}"
    receipt = await slack.post(channel, text)
    assert [(m["ts"], m["name"]) for m in _posted(running, text)] == [(receipt.reference, "sales")]


@pytest.mark.parametrize(
    ("fault", "expected", "posted"),
    [
        (Fault("drop_after_commit"), (Unclear, "disconnected"), 1),
        (Fault("drop"), (Unclear, "disconnected"), 0),
        (Fault("slow", 600), (Unclear, "timeout"), 0),
        (Fault("html"), (Unclear, "http_503"), 0),
        (Fault("status", 500), (Unclear, "internal_error"), 0),
        (Fault("status", 503), (NotYet, "service_unavailable"), 0),
        (Fault("rate_limit", 7), (NotYet, "ratelimited"), 0),
    ],
)
async def test_a_post_is_sent_once_and_what_became_of_it_is_told_apart(
    running: Running,
    slack: Slack,
    fault: Fault,
    expected: tuple[_Kind, str],
    posted: int,
) -> None:
    text = str(uuid.uuid4())
    if fault.kind == "slow":
        slack = _client(running, running.sandbox.secrets.slack.token, seconds=1)
    running.sandbox.faults.set("slack", "chat.postMessage", fault.kind, value=fault.value)
    problem = await _failure(slack.post("sales", text))
    assert (type(problem), problem.code) == expected
    if isinstance(problem, NotYet) and fault.kind == "rate_limit":
        assert problem.retry_after == timedelta(seconds=7)
    assert len(_posted(running, text)) == posted


async def test_a_lost_answer_to_a_question_can_be_asked_again(
    running: Running, slack: Slack
) -> None:
    running.sandbox.faults.set("slack", "auth.test", "drop")
    problem = await _failure(slack.probe())
    assert isinstance(problem, NotYet)


@pytest.mark.parametrize(
    ("channel", "text", "code"),
    [
        ("nowhere", "hello", "channel_not_found"),
        ("old", "hello", "is_archived"),
        ("sales", "", "no_text"),
        ("sales", "x" * 40_001, "msg_too_long"),
    ],
)
async def test_a_post_that_slack_refuses_is_never(
    slack: Slack, channel: str, text: str, code: str
) -> None:
    problem = await _failure(slack.post(channel, text))
    assert (type(problem), problem.code) == (Never, code)


async def test_a_wrong_token_names_the_setting_and_not_the_token(running: Running) -> None:
    problem = await _failure(_client(running, "xoxb-hush").post("sales", "hello"))
    assert (type(problem), problem.code) == (Never, "invalid_auth")
    assert "DRIPSTONE_SLACK__TOKEN" in str(problem)
    assert "hush" not in str(problem)


async def test_a_workspace_that_cannot_be_reached_is_not_yet(running: Running) -> None:
    problem = await _failure(_client(running, "x", "http://127.0.0.1:1/").post("sales", "hello"))
    assert (type(problem), problem.code) == (NotYet, "refused")


async def test_no_message_text_reaches_a_log(
    running: Running, slack: Slack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await slack.post("sales", "hush, a secret")
    running.sandbox.faults.set("slack", "chat.postMessage", "drop")
    await _failure(slack.post("sales", "hush, a secret"))
    assert "hush" not in caplog.text
