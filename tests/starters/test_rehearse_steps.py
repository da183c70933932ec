"""Step kinds in a rehearsal: what they would write, and when a day comes."""

from __future__ import annotations

from tests.starters.rehearsals import MONDAY, Rehearsals
from tests.starters.test_rehearse import rehearse

__all__ = ["rehearse"]

STEPS = """\
id: kinds
name: Kinds
trigger: {kind: manual}
campaign: {engagement_window: 30 days}
steps:
  - {id: rate, kind: set_field, field: rating, value: Hot, only_here: true}
  - {id: hot, kind: branch, arms: [{when: {field: rating, op: equals, value: Hot}, go_to: due}]}
  - {id: cold, kind: end}
  - {id: due, kind: wait_until, weekdays: [thu], at: 09:30}
  - {id: again, kind: jump, go_to: due, at_most: 2}
"""


TEXTS = """\
id: texts
name: Texts
trigger: {kind: manual}
campaign: {engagement_window: 30 days}
steps:
  - {id: mail, kind: send_email, template: intro}
  - {id: text, kind: send_sms, text: "WORDS"}
  - {id: teams, kind: notify, via: teams, text: hello}
"""


def test_a_text_message_is_told_with_its_segments_and_counts_as_a_message(
    rehearse: Rehearsals,
) -> None:
    rehearse.leads = rehearse.dripstone.file(
        "phones.csv", "id,email,first_name,mobile,tel\nx-1,ada@quarry.example,Ada,,+12025550123\n"
    )
    words = "{{ lead.first_name }}, " + "look at \u20ac and \u2019 " * 20
    file = rehearse.dripstone.file("texts.yaml", TEXTS.replace("WORDS", words))
    document = rehearse(campaigns=[file]).document
    (lines,) = document["timelines"].values()
    (text,) = [line for line in lines if line["kind"] == "sms"]
    assert text["detail"]["to"] == "+12025550123"
    assert (text["detail"]["segments"], text["detail"]["encoding"]) == (5, "UCS-2")
    assert (document["mails"], document["texts"]) == ({"texts/mail": 1}, {"texts/text": 1})
    assert document["surprises"]["counts"] == {
        "two_messages_within_an_hour": 1,
        "long_text_message": 1,
    }
    shown = rehearse.dripstone(
        *("rehearse", file, "--engine", "--leads", rehearse.leads, "--from", MONDAY)
    ).out
    assert "Segments: 5 x UCS-2" in shown


def test_a_rehearsal_sets_fields_and_looks_days_up(rehearse: Rehearsals) -> None:
    file = rehearse.dripstone.file("kinds.yaml", STEPS)
    lines = rehearse.timeline("x-1", campaigns=[file])
    told = [(line["at"][:16], line["step"], line["what"]) for line in lines]
    assert any(step == "rate" and what == "set_field" for _, step, what in told)
    waits = [what for _, step, what in told if step == "due" and what.startswith("Wait until")]
    assert waits == [
        "Wait until 2026-03-05 08:30 UTC",
        "Wait until 2026-03-12 08:30 UTC",
    ]
