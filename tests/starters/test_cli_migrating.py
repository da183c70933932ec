"""The command migrate: foreseen for each lead, applied, taken back."""

from __future__ import annotations

import pytest

from tests.starters.commands import WAITING, Commands
from tests.starters.test_cli_operate import comes_to, entered

GONE = WAITING.replace("  - {{id: rest, kind: wait, for: 1 day}}\n", "")


def test_moves_are_foreseen_then_applied_then_taken_back(dripstone: Commands) -> None:
    name = dripstone.enabled("spring")
    with dripstone.worker():
        enrollment = entered(dripstone, "crm-1", name)
        until = comes_to(dripstone, enrollment, "waiting")
        file = dripstone.file("spring.yaml", GONE.format(name=name))
        assert dripstone("publish", file).status == 0
        command = ("migrate", name, "--to", "2", "--json")
        foreseen = dripstone(*command).document
        (move,) = foreseen["moves"]
        assert (move["how"], move["to_step"], move["done"]) == ("moves", "more", False)
        assert dripstone("status", enrollment, "--json").out == until.out
        done = dripstone(*command, "--apply", "--by", "ada")
        assert (done.status, done.document["counts"]) == (0, {"moves": 1})
        assert dripstone(*command, "--apply").document["moves"] == []
        status = dripstone("status", enrollment, "--json").document["status"]
        assert (status["version"], status["step"]) == (2, "more")
        foreseen = dripstone(*command, "--undo")
        assert [one["how"] for one in foreseen.document["moves"]] == ["back"]
        back = dripstone("migrate", name, "--to", "2", "--undo", "--apply")
        assert (back.status, "1 done" in back.out) == (0, True)
        status = dripstone("status", enrollment, "--json").document["status"]
        assert (status["version"], status["step"]) == (1, "rest")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--to", "9"), 1, "has no published version 9"),
        (("--to", "1", "--map", "rest"), 2, "write OLD=NEW"),
        (("--to", "1", "--map", "rest=nowhere"), 1, "no step of version 1: rest, more"),
        (("--to", "1", "--map", "a=b", "--undo"), 2, "not with --undo"),
        (("--to", "1"), 1, "Temporal"),
    ],
)
def test_what_cannot_be_is_refused(
    cut_off: Commands, arguments: tuple[str, ...], status: int, said: str
) -> None:
    cut_off.enabled("a")
    done = cut_off("migrate", "a", *arguments)
    assert (done.status, said in done.err) == (status, True), done
