"""Filling in a text is so much work and no more, whatever its template does."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from activities.html_pieces import without_tags
from activities.liquid_work import MAX_WORK
from activities.template_trial import refuse_too_much
from activities.templates import BeyondLimits, Template, TemplateProblem, render
from activities.visible_html import visible

LONG = 9_900
LEAD = {"words": "a " * 4_900, "list": list(range(LONG)), "text": "x" * LONG}
BOMBS = {
    "sorted anew in a loop": "{% for i in (1..1000) %}{% assign s = (1..9999)"
    + " | sort | reverse" * 10
    + " %}{% endfor %}",
    "sorted anew in a row": "{{ (1..9999)" + " | sort | reverse" * 2_000 + " }}",
    "each compared with each": "{{ (1..9999) | uniq | size }}",
    "loops in loops": "{% for a in (1..10) %}{% for b in (1..10) %}{% for c in (1..10) %}"
    "{% assign s = (1..5000) | reverse | join %}{% endfor %}{% endfor %}{% endfor %}",
    "loop after loop": "{% for i in (1..1000) %} {% endfor %}" * 600,
    "split and joined": "{% for i in (1..1000) %}"
    "{% assign s = lead.words | split: ' ' | join: '-' %}{% endfor %}",
    "replaced": "{% for i in (1..1000) %}"
    "{% assign s = lead.text | replace: 'x', 'y' %}{% endfor %}",
    "appended": "{% assign s = 'a' %}"
    "{% for i in (1..1000) %}{% assign s = s | append: 'aaaaaaaaaaaaaaaa' %}{% endfor %}",
    "captured": "{% assign s = 'a' %}{% for i in (1..1000) %}"
    "{% capture s %}{{ s }}aaaaaaaaaaaaaaaa{% endcapture %}{% endfor %}",
    "cycled": "{% for i in (1..1000) %}" + "{% cycle '', '' %}" * 900 + "{% endfor %}",
    "asked without an end": "{% for i in (1..1000) %}"
    + "{% if true %} {% endif %}" * 900
    + "{% endfor %}",
    "searched": "{% for i in (1..1000) %}{% if lead.text contains 'y' %}{% endif %}{% endfor %}",
    "compared": "{% for i in (1..1000) %}{% if lead.list == lead.list %}{% endif %}{% endfor %}",
    "many names": "".join(f"{{% assign a{n} = 1 %}}" for n in range(1_500)),
    "a long range backwards": "{% for i in (1..1000000000) reversed %}x{% break %}{% endfor %}",
    "a long range from its end": "{% for i in (1..1000000000) offset: 999999990 %}x{% endfor %}",
    "a long range kept": "{% assign r = (1..1000000000) %}{% if r contains 'x' %}{% endif %}",
    "a long range searched": "{% if (1..1000000000) contains 'x' %}{% endif %}",
    "numbers that grow": "{% assign n = 9 %}"
    "{% for i in (1..40) %}{% assign n = n | times: n %}{% endfor %}",
    "dates": "{% for i in (1..1000) %}{{ lead.words | date: '%Y' }}{% endfor %}",
    "a format that grows": "{{ 'now' | date: lead.text | size }}",
    "deep questions": "{% if " + " and ".join(["lead.text"] * 5_000) + " %}x{% endif %}",
}


def calls_of(work: Callable[[], object]) -> int:
    """How often ``work`` calls a function, in Python or in C."""
    count = 0

    def see(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(see)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def fill_in(source: str, part: str) -> None:
    html = source if part == "html" else None
    mail = Template(name="bomb", subject="Hi", text="Hi" if html else source, html=html)
    with pytest.raises(TemplateProblem):
        render(mail, {"lead": LEAD})


@pytest.mark.parametrize("part", ["text", "html"])
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_given_up_after_so_much_work(bomb: str, part: str) -> None:
    fill_in(BOMBS[bomb], part)  # once to read it, which is done once for all leads
    assert calls_of(lambda: fill_in(BOMBS[bomb], part)) < MAX_WORK


def test_no_more_is_compared_than_was_counted() -> None:
    compared = 0

    class Word(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

        def __lt__(self, other: str) -> bool:
            nonlocal compared
            compared += 1
            return str.__lt__(self, other)

    words = [Word(f"{n:04}") for n in range(500)]
    source = (
        "{% for i in (1..1000) %}{% assign s = lead.words | reverse | sort | uniq %}{% endfor %}"
    )
    with pytest.raises(BeyondLimits):
        render(Template(name="bomb", subject="Hi", text=source), {"lead": {"words": words}})
    assert compared < MAX_WORK


def test_a_long_mail_is_no_bomb() -> None:
    rows = [{"name": f"Product {n}", "price": n, "about": "words " * 50} for n in range(100)]
    source = (
        "{% for row in lead.rows %}<tr><td>{{ forloop.index }}</td><td>{{ row.name | upcase }}</td>"
        "<td>{{ row.about | truncate: 80 | escape }}</td>"
        "{% if row.price > 50 %}<td>{{ row.price | times: 2 | round }}</td>{% endif %}</tr>"
        "{% endfor %}{{ lead.note | strip_html }}" + "<p>Hello.</p>" * 3_000
    )
    lead = {"rows": rows, "note": "<p>" + "A long note. " * 2_000}
    assert (
        "Product 99".upper()
        in render(Template(name="long", subject="Hi", text=source), {"lead": lead}).text
    )


def test_a_bomb_in_a_step_is_known_before_a_lead_comes() -> None:
    with pytest.raises(BeyondLimits, match="take filters of long texts"):
        refuse_too_much(Template(name="-", subject="-", text=BOMBS["sorted anew in a loop"]))
    refuse_too_much(Template(name="-", subject="-", text="{{ lead.x }} {{ lead.y | plus: 1 }}"))


@pytest.mark.parametrize(
    "unfinished", ["<a ", "<a b='", "</a ", "<!--", "<!", "<?", "<", "<script>", "<a =", "<b>", "&"]
)
def test_tags_without_end_take_no_longer_than_they_are_long(unfinished: str) -> None:
    long = unfinished * 20_000
    assert calls_of(lambda: (visible(long), without_tags(long))) < 60 * 20_000


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a &amp; b</p>", "a &amp; b"),
        ("1 < 2 <b>and</b> so on", "1 < 2 and so on"),
        ("a<!-- b --><script>if (a<b) c</script><style>p{}</style>d", "ad"),
    ],
)
def test_tags_are_taken_out(html: str, text: str) -> None:
    source = "{{ lead.x | strip_html }}"
    mail = Template(name="t", subject="Hi", text=source)
    assert render(mail, {"lead": {"x": html}}).text == text
