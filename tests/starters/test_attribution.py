"""The automations that the documentation proposes for attribution can be published as they are."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from starters.definitions.loading import load
from tests.starters.test_platform_checks import ALL, FIELDS

PAGE = Path(__file__).parents[2] / "docs" / "steps.md"
EXAMPLES = re.findall(r"```yaml\n(id: .+?)```", PAGE.read_text("utf-8"), re.DOTALL)
ALLOWED = {
    "salesforce": (*FIELDS["salesforce"], "Company", "Email"),
    "marketo": (*FIELDS["marketo"], "firstName"),
}


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: text.split()[1])
def test_an_automation_of_the_documentation_is_sound(text: str, tmp_path: Path) -> None:
    file = tmp_path / "example.yaml"
    file.write_text(text, encoding="utf-8")
    automation, findings = load(file, {}, replace(ALL, platforms={"default": ALLOWED}))
    assert automation is not None, findings
    assert findings == ()


def test_there_is_one_for_the_exit_and_one_for_later() -> None:
    kinds = [re.search(r"kind: (\w+)", text) for text in EXAMPLES]
    assert [kind[1] for kind in kinds if kind] == ["campaign_exited", "meeting_booked"]
