"""Waves: in which portions an audience is let in, and which signs halt them. Pure arithmetic."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from workflows.engine.base import Frozen
from workflows.engine.durations import Duration
from workflows.engine.send_window import SendWindow

_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,4})?)\s*%")


class Percent(Frozen):
    """A part of the whole. A model of its own, so that a plain number is never taken for one."""

    of_hundred: float = Field(gt=0, le=100)


def read_percent(written: object) -> Percent:
    """Turn "0.1 %" into a share.

    Raises:
        ValueError: not a number and a percent sign, or not above 0 and at most 100.
    """
    if isinstance(written, Percent):
        return written
    found = _PERCENT.fullmatch(written.strip()) if isinstance(written, str) else None
    if found is None or not 0 < float(found[1]) <= 100:
        raise ValueError(f"{written!r} is no percentage: write it like '2 %', above 0, at most 100")
    return Percent(of_hundred=float(found[1]))


def write_percent(value: Percent) -> str:
    """The spelling that ``read_percent`` reads back."""
    return f"{value.of_hundred:g} %"


WrittenPercent = Annotated[
    Percent,
    BeforeValidator(read_percent),
    PlainSerializer(write_percent),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\d{1,3}(\.\d{1,4})?\s*%$",
            "examples": ["2 %", "0.1 %"],
            "description": "A number and a percent sign.",
        }
    ),
]
Size = Annotated[int, Field(ge=1, le=10_000_000, strict=True)] | WrittenPercent


class HaltAt(Frozen):
    """Rates above which a wave is halted by itself, in percent of the mails that it has sent.

    No rate is judged over fewer mails than ``minimum_sample``; a small wave is judged together with
    those before it.
    """

    hard_bounces: WrittenPercent = Percent(of_hundred=2)
    complaints: WrittenPercent = Percent(of_hundred=0.1)
    opt_outs: WrittenPercent = Percent(of_hundred=2)
    minimum_sample: int = Field(default=50, ge=1, le=1_000_000)


class Waves(Frozen):
    """How an audience is let in: the sizes of the waves, the last one repeating, and their pace.

    A size is a number of leads or a share of the audience. ``window`` are the hours in which a wave
    is released by itself, in its ``zone``, else in the center's.
    """

    sizes: tuple[Size, ...] = Field(default=(50, 200, 1000), min_length=1, max_length=100)
    spacing: Duration = timedelta(days=1)
    release: Literal["on_time", "by_hand"] = "on_time"
    window: SendWindow = SendWindow()
    halt_at: HaltAt = HaltAt()

    def size(self, number: int, audience: int) -> int:
        """How many leads wave ``number`` (from 1) of that audience has, if so many are left."""
        size = self.sizes[min(number, len(self.sizes)) - 1]
        if isinstance(size, int):
            return size
        return max(1, ceil(audience * size.of_hundred / 100))

    def ahead(self, released: int, audience: int, waiting: int) -> list[int]:
        """The sizes of the waves to come after ``released`` ones, for those who are waiting."""
        sizes: list[int] = []
        while waiting > 0:
            sizes.append(min(waiting, self.size(released + len(sizes) + 1, audience)))
            waiting -= sizes[-1]
        return sizes


@dataclass(frozen=True, slots=True)
class Signs:
    """What is counted of a wave, or of several: mails sent, and what came of them."""

    sent: int = 0
    hard_bounces: int = 0
    complaints: int = 0
    opt_outs: int = 0

    def __add__(self, other: Signs) -> Signs:
        """The signs of two waves, counted as one."""
        return Signs(*(getattr(self, name) + getattr(other, name) for name in _NAMES))

    def since(self, earlier: Signs) -> Signs:
        """What has come since ``earlier`` was counted."""
        return Signs(*(getattr(self, name) - getattr(earlier, name) for name in _NAMES))


_NAMES = ("sent", "hard_bounces", "complaints", "opt_outs")


def sample_of(newest_first: Iterable[Signs], minimum: int) -> Signs:
    """The signs of a wave, with those of the waves before it until there are enough mails."""
    sample = Signs()
    for signs in newest_first:
        sample = sample + signs
        if sample.sent >= minimum:
            break
    return sample


def why_to_halt(newest_first: Sequence[Signs], at: HaltAt) -> str:
    """Why to halt a wave, by its own signs (the first) and those before it; empty if not."""
    own = newest_first[0]
    sample = sample_of(newest_first, at.minimum_sample)
    if sample.sent < at.minimum_sample:
        return ""
    for name in _NAMES[1:]:
        count, most = getattr(sample, name), getattr(at, name).of_hundred
        # What only earlier waves have shown halts those: this one must have a part in it.
        if getattr(own, name) and count * 100 > most * sample.sent:
            rate = count * 100 / sample.sent
            what = name.replace("_", " ")
            return f"{count} {what} of {sample.sent} mails ({rate:.2g} %, above {most:g} %)"
    return ""
