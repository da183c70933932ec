"""What every mail must let its reader see: the way out, and where its sender is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from activities.templates import Part
from activities.visible_html import visible

WHAT = {
    "unsubscribe_url": "the unsubscribe link",
    "sender.postal_address": "the postal address of its sender",
}


@dataclass(frozen=True, slots=True)
class Footer:
    """The unsubscribe link of one mail, and the postal address of its sender."""

    unsubscribe_url: str
    postal_address: str

    def missing_in(self, text: str, html: str | None) -> Iterator[tuple[Part, str]]:
        """Each part, and the merge field whose value its reader does not see."""
        yield from (("text", field) for field in self.missing_of("text", text))
        if html is not None:
            yield from (("html", field) for field in self.missing_of("html", html))

    def missing_of(self, part: Part, body: str) -> Iterator[str]:
        """The merge fields whose value no reader of ``part`` sees.

        An address is known by its letters and digits: it may stand on lines or in capitals.
        """
        seen = visible(body) if part == "html" else None
        words = seen.words if seen else body
        # A letter behind it would be taken for a part of the link.
        link = re.compile(re.escape(self.unsubscribe_url) + r"(?![\w-])")
        if not any(map(link.search, (words, *(seen.links if seen else ())))):
            yield "unsubscribe_url"
        if _bare(self.postal_address) not in _bare(words):
            yield "sender.postal_address"


def _bare(words: str) -> str:
    return "".join(filter(str.isalnum, words.casefold()))
