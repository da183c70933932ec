"""What merge tags stand for in the mail of a step."""

from __future__ import annotations

from typing import Any

import pytest

from activities.ledger.leads import Lead
from activities.ledger.merge_values import merge_values
from activities.templates import Template, render
from workflows.engine.automation import Automation

LEAD = Lead("default", "crm-1", "p", "a@b.example", None, {"given": "Ada", "company": ""})


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({}, "Dear colleague of our friends"),
        ({"first_name": {"field": "given"}}, "Dear Ada of our friends"),
        ({"first_name": {"default": "reader"}}, "Dear reader of our friends"),
        ({"first_name": {"field": "nickname", "default": "x"}}, "Dear x of our friends"),
        ({"company": {"default": " "}}, "Dear colleague of  "),
        ({"company": {"field": "given", "default": "x"}}, "Dear colleague of Ada"),
    ],
)
def test_a_tag_stands_for_the_field_of_the_step_and_its_default(
    tags: dict[str, Any], said: str
) -> None:
    step = {"id": "a", "kind": "send_email", "template": "t", "merge_tags": tags}
    whole = {"id": "x", "name": "X", "trigger": {"kind": "manual"}, "steps": [step]}
    values = merge_values(LEAD, Automation.model_validate(whole), "a")
    text = (
        'Dear {{ lead.first_name | default: "colleague" }} of '
        '{{ lead.company | default: "our friends" }}'
    )
    assert render(Template(name="t", subject="s", text=text), {"lead": values}).text == said
