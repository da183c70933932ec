"""A feed that has fallen silent holds mails, and they leave by themselves once it is heard of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from activities.ledger.feeds import hear_of
from tests.workflows.accounts import LISTENING
from tests.workflows.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

MAIL = "[{id: a, kind: send_email, template: intro}]"


async def test_nothing_leaves_while_a_feed_is_silent_and_all_goes_on_when_it_is_back(
    world: World,
) -> None:
    feed, automation = LISTENING
    async with world.ledger.transaction() as tx:
        an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
        await hear_of(world.ledger, tx, "default", feed, an_hour_ago)
    await world.publish(MAIL, automation)
    held = [await world.enroll(automation) for _ in range(3)]
    for journey in held:
        status = await journey.until_at("a", "held")
        assert status.held_because.startswith(f"feed '{feed}' was last heard of at ")
    # The control: where no feed is declared, the same mail leaves though nobody would hear.
    other = await world.enroll(await world.publish(MAIL))
    assert (await other.ends()).sends == 1
    assert [journey.mails() for journey in held] == [0, 0, 0]
    async with world.ledger.transaction() as tx:
        await hear_of(world.ledger, tx, "default", feed)
    assert [(await journey.ends()).sends for journey in held] == [1, 1, 1]
