"""The mail sandbox's inbox: what it keeps, and that it keeps it."""

from __future__ import annotations

from pathlib import Path

from starters.sandbox.log import Log
from tests.activities.mail_post import PARTS, open_post


async def test_the_inbox_outlives_a_restart(tmp_path: Path) -> None:
    for times in (1, 2):
        async with open_post(tmp_path) as post:
            await post.send()
            kept = post.sandbox.messages()
        assert len({mail.path for mail in kept}) == times
        assert {mail.message_id for mail in kept} == {PARTS.message_id}


async def test_the_log_names_what_was_accepted_and_refused(tmp_path: Path) -> None:
    async with open_post(tmp_path) as post:
        post.sandbox.faults.set("smtp", "rcpt", "status", value=550)
        await post.failure()
        reference = await post.send()
        log = Log(tmp_path / "log.jsonl")
        refused, accepted = log.entries()
        log.close()
    assert (refused["vendor"], refused["action"]) == ("smtp", "refused")
    assert accepted["details"]["queue_id"] == reference
    assert accepted["details"]["rcpt_to"] == [PARTS.to_address]
