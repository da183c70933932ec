"""Templates: defaults, missing fields, escaping, limits, and what publish is told about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from activities.template_files import read_template
from activities.template_tags import check, merge_fields_of
from activities.templates import Template, TemplateProblem, render
from workers.authoring import read_templates

SAMPLES = Path(__file__).parents[2] / "config" / "templates"
KNOWN = {
    "lead.first_name",
    "lead.company",
    "lead.industry",
    "sender.name",
    "sender.postal_address",
    "unsubscribe_url",
}


def template(text: str = "Hello\n", subject: str = "Hi", html: str | None = None) -> Template:
    return Template(name="sample", subject=subject, text=text, html=html)


def text_of(source: str, **lead: object) -> str:
    return render(template(source), {"lead": lead}).text


@pytest.mark.parametrize(
    ("source", "lead", "expected"),
    [
        ('Hi {{ lead.first_name | default: "there" }}', {}, "Hi there"),
        ('Hi {{ lead.first_name | default: "there" }}', {"first_name": ""}, "Hi there"),
        ('Hi {{ lead.first_name | default: "there" }}', {"first_name": None}, "Hi there"),
        ('Hi {{ lead.first_name | default: "there" }}', {"first_name": "Ada"}, "Hi Ada"),
        ('Hi{{ lead.first_name | default: " " }}!', {}, "Hi !"),
        ('{{ lead.first_name | default: " " }}', {"first_name": ""}, " "),
        ('{{ lead.first_name | capitalize | default: "You" }}', {}, "You"),
        ('{{ lead.address.city | default: "town" }}', {}, "town"),
        ("{% if lead.company %}A{% else %}B{% endif %}", {"company": ""}, "B"),
        ("{% if lead.company %}A{% else %}B{% endif %}", {"company": "Acme"}, "A"),
        ("{{ lead.seats }}", {"seats": 0}, "0"),
        ("{{ lead.first_name }}", {"first_name": "{{ 7 | times: 7 }}"}, "{{ 7 | times: 7 }}"),
        ("{{ lead.first_name }}", {"first_name": "<b>{{7*7}}</b>"}, "<b>{{7*7}}</b>"),
    ],
)
def test_text_is_filled_in(source: str, lead: dict[str, object], expected: str) -> None:
    assert text_of(source, **lead) == expected


@pytest.mark.parametrize("value", [None, "", ...])
def test_a_field_without_default_and_without_value_is_named(value: object) -> None:
    lead = {} if value is ... else {"company": value}
    with pytest.raises(TemplateProblem) as caught:
        text_of("Hello\n{{ lead.company | upcase }}", first_name="Ada", **lead)
    assert caught.value.field == "lead.company"
    assert "template sample, text line 2: lead.company has no value" in str(caught.value)
    assert "default:" in str(caught.value)
    assert "Ada" not in str(caught.value)


def test_only_the_html_part_escapes_lead_data() -> None:
    source = '{{ lead.name }} {{ lead.no | default: "R&D" }}'
    filled = render(
        template(source, subject="{{ lead.name }}", html=source), {"lead": {"name": "<i>A&B</i>"}}
    )
    assert filled.text == "<i>A&B</i> R&D"
    assert filled.subject == "<i>A&B</i>"
    assert filled.html == "&lt;i&gt;A&amp;B&lt;/i&gt; R&D"


@pytest.mark.parametrize("character", ["\r", "\n", "\x00", "\x1b", "\x85", "\u2028"])
def test_a_subject_stays_on_one_line(character: str) -> None:
    with pytest.raises(TemplateProblem, match="subject") as caught:
        render(template(subject="Hi {{ lead.x }}"), {"lead": {"x": f"secret{character}Bcc: a"}})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "bomb",
    [
        "{{ (1..100000000) | join: ',' }}",
        "{% assign a = (1..100000000) %}{{ a | reverse | first }}",
        "{% for i in (1..100000000) %}x{% endfor %}",
        "{% for i in (1..999) %}{% for j in (1..999) %}x{% endfor %}{% endfor %}",
        "{% assign a = 'xxxxxxxx' %}" + "{% assign a = a | append: a %}" * 60 + "{{ a }}",
        "{{ 'aaaaaaaaaa'" + " | replace: 'a', 'aaaaaaaaaa'" * 12 + " }}",
        "{{ 'a'" + " | base64_encode" * 60 + " }}",
        "{{ '2026-01-01' | date: '%0300000000d' | append: lead.big | append: lead.big }}",
        "{% assign a = 'a,b' | split: ',' %}" + "{% assign a = a | concat: a %}" * 40,
        "{% capture a %}" + "{{ lead.big }}" * 20 + "{% endcapture %}{{ a }}",
        "{% include 'intro' %}",
        "{% render 'intro' %}",
        "{{ lead.big.__class__ }}",
        "{{ lead.big | safe }}",
        "{{ 7 | divided_by: 0 }}",
        "{{ lead.big | times: 'x' | round: lead.big }}",
        "{% if lead.big",
    ],
)
def test_a_bomb_is_a_problem_and_not_an_outage(bomb: str) -> None:
    with pytest.raises(TemplateProblem) as caught:
        render(template(bomb), {"lead": {"big": "private" * 14_000}})
    assert "private" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_merge_fields_are_listed_with_their_defaults() -> None:
    sample = template(
        '{{ lead.first_name | upcase | default: "x" }} {{ lead.company }}'
        "{% if lead.industry %}{{ lead.industry }}{% else %}{{ lead.size }}{% endif %}"
        "{% assign mine = lead.z %}{{ mine }}"
        "{% for tag in lead.tags %}{{ tag.name }}{% endfor %}",
        subject='{{ lead.company | default: "you" }}',
        html="{{ unsubscribe_url }}",
    )
    assert merge_fields_of(sample) == {
        "lead.first_name": True,
        "lead.company": False,
        "lead.industry": True,
        "lead.size": False,
        "lead.z": False,
        "lead.tags": False,
        "unsubscribe_url": False,
    }


@pytest.mark.parametrize(
    ("sample", "problem"),
    [
        (
            template("Hello\n\n{{ lead.frist_name }}"),
            "template sample, text line 3: unknown merge field lead.frist_name; "
            "did you mean lead.first_name?",
        ),
        (template(html="<p>\n{{ lead.salary }}"), "html line 2: unknown merge field lead.salary"),
        (template("{{ x | default "), "text line 1: expected '}}'"),
        (template("{% if lead.company %}"), "endif"),
        (template("{{ lead.company | shout }}"), "unknown filter shout"),
        (template("{% include 'x' %}"), "include"),
        (template("{% if lead.company != blank %}{% endif %}"), "equals neither blank"),
        (template(subject=" "), "subject: must be one line"),
        (template(subject="a\nb"), "subject: must be one line"),
        (template(" \n"), "text line"),
    ],
)
def test_publish_is_told_what_is_wrong(sample: Template, problem: str) -> None:
    problems = check(sample, KNOWN)
    if problem == "text line":
        assert problems == ["template sample, text: is empty; every mail needs a text part"]
    else:
        assert len(problems) == 1
        assert problem in problems[0]


def test_deeper_paths_of_a_known_field_are_known() -> None:
    assert check(template("{{ lead.tags[0] }} {{ lead.tags.size }}"), {"lead.tags"}) == []


def test_a_space_as_default_passes_the_check() -> None:
    assert check(template('{{ lead.company | default: " " }}'), KNOWN) == []


@pytest.mark.parametrize("name", ["intro", "follow_up", "last_note"])
def test_the_samples_are_sound_and_render_for_a_lead_without_fields(name: str) -> None:
    sample = read_template(SAMPLES / f"{name}.liquid")
    assert check(sample, KNOWN) == []
    fields = merge_fields_of(sample)
    assert fields.keys() >= KNOWN
    assert all(fields[field] for field in ("lead.first_name", "lead.company", "lead.industry"))
    filled = render(
        sample,
        {
            "lead": {},
            "sender": {"name": "Ines Roth", "postal_address": "1 Kiln Lane, Exeter"},
            "unsubscribe_url": "https://mail.example/u/t0k3n",
        },
    )
    assert "Hi there," in filled.text
    assert "https://mail.example/u/t0k3n" in filled.text
    assert "1 Kiln Lane" in filled.text
    assert (filled.html is None) == (name == "last_note")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("Hello\n", "bad.liquid:1: does not begin with '---'"),
        ("---\nsubject: a\n", "bad.liquid:3: the front has no end"),
        ("---\n---\nHello\n", "bad.liquid:2: has no subject"),
        ("---\nsubject:  \n---\nHello\n", "bad.liquid:2: the subject is empty"),
        ('---\nsubject: "a"\n---\nHello\n', "bad.liquid:2: the subject is in quotes"),
        ("---\nsubject: a\nsubject: b\n---\nHello\n", "bad.liquid:3: has a second subject"),
        ("---\ncolour: a\n---\nHello\n", "bad.liquid:2: is neither"),
        ("---\nsubject: a\n---\n\n", "bad.liquid:4: the text part is empty"),
        ("---\nsubject: a\n---\nHello\n--- html ---\n", "the HTML part is empty"),
        ("---\nsubject: a\n---\nHello\n\n{{ x | nosuch }}\n", "template bad, text line 6"),
        ("---\nsubject: a\n---\nHi\n--- html ---\n<p>\n{% if %}", "template bad, html line 7"),
        ("---\nsubject: caf\udce9\n---\nHello\n", "bad.liquid:2: is not UTF-8"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(tmp_path: Path, content: str, problem: str) -> None:
    (tmp_path / "bad.liquid").write_bytes(content.encode("utf-8", "surrogateescape"))
    (told,) = read_templates(tmp_path).problems["bad"]
    assert problem in told


def test_every_bad_file_is_reported_at_once(tmp_path: Path) -> None:
    (tmp_path / "one.liquid").write_text("x", encoding="utf-8")
    (tmp_path / "Two.liquid").write_text("---\nsubject: a\n---\nb\n", encoding="utf-8")
    assert read_templates(tmp_path).problems.keys() == {"one", "Two"}


def test_a_subject_is_taken_as_it_stands(tmp_path: Path) -> None:
    front = 'subject: Re: {{ lead.company | default: "you" }}: a "question"'
    (tmp_path / "odd.liquid").write_text(f"---\r\n{front}\r\n---\r\nHi\r\n", encoding="utf-8")
    loaded = read_template(tmp_path / "odd.liquid")
    assert render(loaded, {}).subject == 'Re: you: a "question"'
    assert loaded.text == "Hi\n"
