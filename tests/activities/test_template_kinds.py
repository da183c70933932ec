"""Kinds of templates: text, basic, themed, custom; and what each asks of its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from activities.automatic_html import automatic_html
from activities.template_files import read_template
from activities.template_tags import MergeTag, merge_tags_of
from activities.templates import TemplateProblem, render
from workers.authoring import read_templates

FOOT = "{{ sender.postal_address }} {{ unsubscribe_url }}"
LAYOUT = f"<html><body>\n<main>{{{{ content }}}}</main>\n<p>{FOOT}</p></body></html>\n"
FIELDS = {
    "lead": {"first_name": "<Ada>"},
    "sender": {"postal_address": "1 Kiln Lane"},
    "unsubscribe_url": "https://x.example/u/1",
}


def written(tmp_path: Path, front: str, body: str, theme: str | None = LAYOUT) -> Path:
    if theme is not None:
        (tmp_path / "themes").mkdir()
        (tmp_path / "themes" / "plain.liquid").write_text(theme, encoding="utf-8")
    file = tmp_path / "hello.liquid"
    file.write_text(f"---\nsubject: Hi\n{front}---\n{body}", encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("front", "body", "kind", "html"),
    [
        ("", "Hi\n", "text", None),
        ("kind: text\n", "Hi\n", "text", None),
        ("", "Hi\n--- html ---\n<p>Ho</p>\n", "custom", "<p>Ho</p>\n"),
        ("kind: basic\n", "Hi {{ lead.first_name }}\n", "basic", "<p>Hi &lt;Ada&gt;</p>\n"),
    ],
)
def test_a_kind_decides_where_the_html_comes_from(
    tmp_path: Path, front: str, body: str, kind: str, html: str | None
) -> None:
    template = read_template(written(tmp_path, front, body))
    assert template.kind == kind
    assert render(template, FIELDS).html == html


@pytest.mark.parametrize(
    ("body", "inside"),
    [("Hi\n\nyou \\1\n", "<p>Hi</p>\n<p>you \\1</p>"), ("Hi\n--- html ---\n<b>Ho</b>\n", "<b>Ho")],
)
def test_a_theme_is_the_frame_of_the_content(tmp_path: Path, body: str, inside: str) -> None:
    template = read_template(written(tmp_path, "kind: themed\ntheme: plain\n", body))
    html = render(template, FIELDS).html or ""
    assert f"<main>{inside}" in html
    assert "<p>1 Kiln Lane https://x.example/u/1</p>" in html
    assert "{{" not in html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a\nb\n\n \nc\n", "<p>a<br>\nb</p>\n<p>c</p>\n"),
        ("1 < 2 & 'x'", "<p>1 &lt; 2 &amp; 'x'</p>\n"),
        ("see https://a.example/?x=1&y=2.", '<p>see <a href="https://a.example/?x=1&amp;y=2">'),
        ("{% if lead.a < 2 %}a & b{% endif %}", "<p>{% if lead.a < 2 %}a &amp; b{% endif %}</p>\n"),
        ("out: {{ unsubscribe_url }}", '<a href="{{ unsubscribe_url }}">{{ unsubscribe_url }}</a>'),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
    ],
)
def test_html_is_made_of_plain_text_and_liquid_stays_as_it_is(text: str, html: str) -> None:
    assert html in automatic_html(text)


@pytest.mark.parametrize(
    ("front", "body", "theme", "problem"),
    [
        (
            "kind: fancy\n",
            "Hi\n",
            None,
            "hello.liquid:3: does not suit its kind 'fancy'; the",
        ),
        ("kind: basic\n", "Hi\n--- html ---\n<p>\n", None, "drop '--- html ---'"),
        ("kind: custom\n", "Hi\n", None, "add '--- html ---' and the HTML"),
        ("kind: themed\n", "Hi\n", None, "belong together"),
        ("theme: plain\n", "Hi\n", LAYOUT, "belong together"),
        ("kind: themed\ntheme: plane\n", "Hi\n", LAYOUT, "4: there is no theme 'plane'; there are"),
        ("kind: themed\ntheme: ../a\n", "Hi\n", LAYOUT, "there is no theme '../a'"),
        ("kind: themed\ntheme: plain\n", "Hi\n", "<p>", "has 0 places for the content"),
        ("kind: themed\ntheme: plain\n", "Hi\n", "{{content}}{{content}}", "has 2 places"),
        (
            "kind: themed\ntheme: plain\n",
            "Hi\n",
            "<p>\n{{ content }}{% if %}",
            "template themes/plain, html line 2",
        ),
        ("kind: text\nkind: text\n", "Hi\n", None, "hello.liquid:4: has a second kind"),
    ],
)
def test_a_template_that_lacks_what_its_kind_needs_is_refused(
    tmp_path: Path, front: str, body: str, theme: str | None, problem: str
) -> None:
    with pytest.raises(TemplateProblem) as caught:
        read_template(written(tmp_path, front, body, theme))
    assert problem in str(caught.value)


def test_merge_tags_come_with_their_defaults(tmp_path: Path) -> None:
    body = (
        '{{ lead.a | upcase | default: "x" }} {{ lead.b | default: " " }} {{ lead.c }}\n'
        '{% if lead.d %}{{ lead.d }}{% endif %} {{ lead.a | default: "y" }}\n'
    )
    assert merge_tags_of(read_template(written(tmp_path, "", body))) == [
        MergeTag("lead.a", "x", True),
        MergeTag("lead.b", " ", True),
        MergeTag("lead.c", None, False),
        MergeTag("lead.d", None, True),
        MergeTag("lead.a", "y", True),
    ]


@pytest.mark.parametrize("lacking", ["HTML", "text"])
def test_what_every_mail_must_say_is_in_the_text_and_in_the_html(
    tmp_path: Path, lacking: str
) -> None:
    text, html = (FOOT, "<p>Hi</p>") if lacking == "HTML" else ("Hi", f"<p>{FOOT}</p>")
    written(tmp_path, "", f"{text}\n--- html ---\n{html}\n", None)
    problems = read_templates(tmp_path).problems["hello"]
    assert [problem for problem in problems if f"the {lacking} part lacks" in problem]
    assert len(problems) == 2
