"""Templates in the ledger: from draft to active, who may say so, and what may be published."""

from __future__ import annotations

import importlib
from dataclasses import replace

import pytest
from sqlalchemy import insert, text

from activities.ledger import Ledger
from activities.ledger.holding import held_for, put_hold
from activities.ledger.release import release_for
from activities.ledger.tables import inbox, templates
from activities.ledger.template_choice import ready_to_publish
from activities.ledger.template_listing import log_of_template, templates_of, versions_of
from activities.ledger.template_lives import (
    Order,
    TemplateRefused,
    Written,
    activate,
    deactivate,
    draft,
    review,
)
from activities.ledger.template_switch import cause_of_hold, is_deactivated
from tests.activities.ledger.scenes import ACCOUNTS, INTRO, a_lead, enter, entry_of, make, rows

WRITTEN = Written(INTRO, "text")
CHANGED = Written(replace(INTRO, text="Another text for you"), "text")
BY_ADA = Order("default", "intro", "ada")
BY_BOB = Order("default", "intro", "bob")


async def test_a_template_goes_from_draft_to_reviewed_to_active_and_all_is_on_record(
    ledger: Ledger,
) -> None:
    (version,) = await draft(ledger, "default", [WRITTEN], "ada")
    assert (version.number, version.state) == (1, "draft")
    with pytest.raises(TemplateRefused, match="is a draft: dripstone template review intro"):
        await activate(ledger, BY_ADA)
    assert (await review(ledger, replace(BY_BOB, reason="read twice"))).state == "reviewed"
    assert (await activate(ledger, BY_ADA)).version == replace(version, state="active")
    await review(ledger, BY_ADA)  # it is past that already
    async with ledger.reading() as tx:
        log = await log_of_template(tx, "default", "intro")
    told = [(line["act"], line["number"], line["done_by"], line["reason"]) for line in log]
    assert told == [
        ("drafted", 1, "ada", ""),
        ("reviewed", 1, "bob", "read twice"),
        ("activated", 1, "ada", ""),
    ]


async def test_a_changed_text_is_a_new_version_and_the_same_text_is_none(ledger: Ledger) -> None:
    for written in (WRITTEN, WRITTEN, CHANGED, WRITTEN):
        await draft(ledger, "default", [written], "ada")
    await review(ledger, replace(BY_BOB, number=1))
    await activate(ledger, replace(BY_BOB, number=1))
    async with ledger.reading() as tx:
        assert [row["number"] for row in await versions_of(tx, "default", "intro")] == [1, 2]
        (row,) = await templates_of(tx, "default")
        assert await templates_of(tx, "north") == []
    assert (row["newest_version"], row["state"], row["active_version"]) == (2, "draft", 1)


async def test_where_another_must_review_the_author_may_not(ledger: Ledger) -> None:
    await draft(ledger, "default", [WRITTEN], "ada")
    with pytest.raises(TemplateRefused, match="in center 'default' somebody else reviews it"):
        await review(ledger, BY_ADA, by_another=True)
    assert (await review(ledger, BY_BOB, by_another=True)).state == "reviewed"


@pytest.mark.parametrize("number", [None, 7])
async def test_what_is_not_there_cannot_be_ordered_about(
    ledger: Ledger, number: int | None
) -> None:
    if number:
        await draft(ledger, "default", [WRITTEN], "ada")
    for act in (review, activate, deactivate):
        with pytest.raises(TemplateRefused, match="dripstone template draft intro"):
            await act(ledger, replace(BY_ADA, number=number))


@pytest.mark.parametrize(
    ("done", "vouches", "against"),
    [
        ("nothing", True, ""),
        ("nothing", False, "version 1 is a draft: dripstone template review intro --version 1"),
        ("drafted", True, "version 1 is a draft"),
        ("reviewed", True, "version 1 is not active: dripstone template activate intro"),
        ("active", True, ""),
        ("active", False, ""),
        ("changed since", True, ""),
        ("changed since", False, "version 2 is a draft"),
        ("deactivated", True, "is deactivated: dripstone template activate intro"),
    ],
)
async def test_only_what_is_active_may_be_published(
    ledger: Ledger, done: str, vouches: bool, against: str
) -> None:
    if done != "nothing":
        old = WRITTEN if done != "changed since" else CHANGED
        await draft(ledger, "default", [old], "ada")
    if done not in ("nothing", "drafted"):
        await review(ledger, BY_BOB)
    if done not in ("nothing", "drafted", "reviewed"):
        await activate(ledger, BY_ADA)
    if done == "deactivated":
        await deactivate(ledger, BY_ADA)
    for _ in range(2):  # asked again it answers the same
        said = await ready_to_publish(ledger, "default", [WRITTEN], "eve", vouches=vouches)
        assert (against in said.get("intro", "")) is True
        assert bool(said) is bool(against)


async def test_who_vouches_vouches_for_nothing_while_something_stands_against_it(
    ledger: Ledger,
) -> None:
    other = Written(replace(INTRO, name="other"), "text")
    await draft(ledger, "default", [other], "ada")
    said = await ready_to_publish(ledger, "default", [WRITTEN, other], "eve", vouches=True)
    assert list(said) == ["other"]
    async with ledger.reading() as tx:
        assert await versions_of(tx, "default", "intro") == []


async def test_a_deactivated_template_is_switched_on_again_though_a_draft_of_it_waits(
    ledger: Ledger,
) -> None:
    await ready_to_publish(ledger, "default", [WRITTEN], "eve", vouches=True)
    assert await deactivate(ledger, BY_ADA)
    assert not await deactivate(ledger, BY_BOB)
    await draft(ledger, "default", [CHANGED], "ada")
    done = await activate(ledger, BY_BOB)
    assert (done.version, done.was_off) == (None, True)
    async with ledger.reading() as tx:
        assert not await is_deactivated(tx, "default", "intro")


async def test_only_those_held_for_the_template_are_told_when_it_is_active_again(
    ledger: Ledger,
) -> None:
    await make(ledger)
    leads = [a_lead(ledger, number) for number in range(2)]
    causes = (cause_of_hold("intro"), "the automation is disabled")
    for lead, cause in zip(leads, causes, strict=True):
        await enter(ledger, lead)
        async with ledger.transaction() as tx:
            # Held for something else before: what counts is the cause found last.
            await put_hold(ledger, tx, await entry_of(ledger, lead), "something else")
            await put_hold(ledger, tx, await entry_of(ledger, lead), cause)
    assert len(await release_for(ledger, "default", causes[0], ACCOUNTS)) == 1
    released = [row["lead"] for row in await rows(ledger, inbox) if row["source"] == "release"]
    assert released == [leads[0].lead]
    async with ledger.reading() as tx:
        assert await held_for(tx, "north", causes[0], 10) == []


async def test_what_was_published_before_templates_had_states_is_active(ledger: Ledger) -> None:
    known: dict[str, str | None] = {"center": "default", "subject": "a", "text": "b", "html": None}
    versions = [known | {"name": n, "digest": d} for n, d in (("a", "1"), ("a", "2"), ("b", "1"))]
    migration = importlib.import_module("activities.ledger.migrations.versions.0004_templates")
    async with ledger.transaction() as tx:
        await tx.execute(insert(templates), versions)
        await tx.execute(text(migration.KNOWN))
        found = await templates_of(tx, "default")
    told = [(row["template"], row["newest_version"], row["active_version"]) for row in found]
    assert told == [("a", 2, 2), ("b", 1, 1)]
