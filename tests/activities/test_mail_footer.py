"""The way out and the sender's address are in every mail, where its reader sees them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from activities.mail_footer import Footer
from activities.template_files import read_template
from activities.template_trial import trial_problems
from activities.templates import Template
from workers.authoring import read_templates

LINK = "https://mail.example/u/t0k3n"
FOOTER = Footer(LINK, "1 Kiln Lane,\nExeter")
OUT = f'<a href="{LINK}">No more</a>'
HERE = "1 Kiln Lane, Exeter"
FOOT = "{{ unsubscribe_url }} {{ sender.postal_address }}"
SAMPLES = Path(__file__).parents[2] / "config" / "templates"


@pytest.mark.parametrize(
    "html",
    [
        f"<p>Hi</p>{OUT}<p>1 KILN LANE<br />Exeter</p>",
        f"<head><title>x</title></head><body>{OUT} {HERE}</body>",
        f"<head><title>x</title><body>{OUT} {HERE}",
        f"<a href='{LINK}?l=de'><img src=x></a><table><tr><td>1 Kiln Lane<td>Exeter</table>",
        f"{LINK}. {HERE}",
        f"<div style='display:none'>Look inside</div><br>{OUT}{HERE}",
        f"<!--[if mso]><p><![endif]--><!--[if !mso]><!-->{OUT}{HERE}<!--<![endif]-->",
        f"<p it's odd>{OUT} &#49; Kiln Lane, Exeter",
    ],
)
def test_what_a_reader_sees_is_there(html: str) -> None:
    assert list(FOOTER.missing_of("html", html)) == []


@pytest.mark.parametrize(
    "html",
    [
        f"<!-- {OUT} {HERE} -->",
        f"<!-- {OUT} {HERE}",
        f"<style>{OUT} {HERE}</style>",
        f"<head>{OUT} {HERE}</head>",
        f"<title>{LINK} {HERE}</title>",
        f"<div style='color:red; DISPLAY : none'><p>{OUT} {HERE}</p></div>",
        f"<div hidden>{OUT} {HERE}</div>",
        f"<div style='opacity:0'>{OUT} {HERE}</div>",
        f"<script>'{LINK} {HERE}'</script>",
        f"<p title='{LINK} {HERE}'></p>",
        f"<a href='{LINK}'> </a><img alt='{HERE}'>",
        f"{LINK}x 1 Kiln, Exeter",
    ],
)
def test_what_no_reader_sees_is_not_there(html: str) -> None:
    assert list(FOOTER.missing_of("html", html)) == ["unsubscribe_url", "sender.postal_address"]


def problems(text: str, html: str | None = None) -> list[str]:

    return trial_problems(Template(name="t", subject="Hi", text=text, html=html))


@pytest.mark.parametrize(
    ("text", "html", "said"),
    [
        (
            "{% if lead.vip %}" + FOOT + "{% endif %}",
            None,
            "the text part lacks .* for a lead with",
        ),
        ("{% unless lead.vip %}" + FOOT + "{% endunless %}", None, "the text part lacks"),
        ("{% if lead.a == 'b' %}" + FOOT + "{% endif %}", None, "the text part lacks"),
        (
            "Hi {{ lead.name }} {% if lead.vip %}" + FOOT + "{% endif %}",
            None,
            "the text part lacks .* for a lead with empty fields",
        ),
        (
            "{% assign x = unsubscribe_url %}{% assign y = sender.postal_address %}",
            None,
            "the text part lacks",
        ),
        ("{{ unsubscribe_url | size }}{{ sender.postal_address | slice: 0 }}", None, "lacks"),
        (FOOT, f"<p>Hi</p><!-- {FOOT} -->", "the HTML part lacks"),
        (FOOT, "<p>Hi</p>", "the HTML part lacks"),
        ("Hi", f"<p>{FOOT}</p>", "the text part lacks"),
    ],
)
def test_a_template_whose_reader_would_not_see_them_is_told_of(
    text: str, html: str | None, said: str
) -> None:
    found = problems(text, html)
    assert len(found) == 2
    for problem, field in zip(found, ("unsubscribe_url", "sender.postal_address"), strict=True):
        assert f"{{{{ {field} }}}}" in problem
        assert re.search(said, problem)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (FOOT, None),
        (FOOT, f"<p>{FOOT}</p>"),
        ("{% if lead.vip %}Dear {{ lead.vip }}{% else %}Hello{% endif %} " + FOOT, None),
        ("{{ lead.seats | times: 2 }} {{ lead.tags[0] }} " + FOOT, None),
        ("{% for tag in lead.tags %}{{ tag.name }}{% endfor %} " + FOOT, None),
        ("{{ lead.seats | divided_by: lead.rows }} " + FOOT, None),
        ("Nothing of the kind, which another check tells", None),
    ],
)
def test_nothing_is_said_of_what_every_reader_sees(text: str, html: str | None) -> None:
    assert problems(text, html) == []


def test_the_samples_show_both() -> None:
    files = sorted(SAMPLES.glob("*.liquid"))
    assert files
    assert not any(trial_problems(read_template(file)) for file in files)


@pytest.mark.parametrize("kind", ["basic", "themed", "custom"])
def test_each_kind_is_tried_as_it_would_leave(tmp_path: Path, kind: str) -> None:
    (tmp_path / "themes").mkdir()
    theme = "<div hidden>{{ content }}</div>"
    (tmp_path / "themes" / "shy.liquid").write_text(theme, encoding="utf-8")
    front = {"basic": "kind: basic\n", "themed": "kind: themed\ntheme: shy\n", "custom": ""}[kind]
    html = f"--- html ---\n<!-- {FOOT} -->\n" if kind == "custom" else ""
    mail = f"---\nsubject: Hi\n{front}---\n{FOOT}\n{html}"
    (tmp_path / "hello.liquid").write_text(mail, encoding="utf-8")
    told = read_templates(tmp_path).problems.get("hello", ())
    assert len(told) == (0 if kind == "basic" else 2)
    assert all("the HTML part lacks" in problem for problem in told)
