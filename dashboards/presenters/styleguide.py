"""Every token and every element the pages are made of, in one place to look at."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sin
from pathlib import Path

from dashboards.icons import ICONS
from dashboards.presenters import badges
from dashboards.presenters.badges import Badge
from dashboards.sparkline import Bar, Sparkline, budget_bar, sparkline

TOKENS = Path(__file__).parents[1] / "static" / "dashboards" / "css" / "tokens.css"
TYPE_SCALE = ("tiny", "small", "body", "read", "lead", "large", "huge")
BURNS = [None if 20 <= step < 24 else 0.4 + 8 * max(0.0, sin(step / 6)) ** 6 for step in range(48)]


@dataclass(frozen=True, slots=True)
class Token:
    name: str
    light: str
    dark: str


@dataclass(frozen=True, slots=True)
class Measure:
    """A step of a scale, in pixels as most browsers draw it."""

    name: str
    rem: str
    pixels: float


@dataclass(frozen=True, slots=True)
class Notice:
    """What a message of Django looks like to a template."""

    tags: str
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Tab:
    title: str
    count: int | None
    href: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    name: str


@dataclass(frozen=True, slots=True)
class Styleguide:
    tokens: tuple[Token, ...]
    type_scale: tuple[Measure, ...]
    room: tuple[Measure, ...]
    badges: tuple[Badge, ...]
    icons: tuple[str, ...]
    trend: Sparkline
    bars: tuple[tuple[str, Bar], ...]
    notices: tuple[Notice, ...]
    choices: tuple[tuple[str, str], ...]
    tabs: tuple[Tab, ...]
    ranges: tuple[Segment, ...]
    facts: tuple[tuple[str, str], ...]
    began: datetime
    ended: datetime


def styleguide(at: datetime) -> Styleguide:
    """What /styleguide shows; nothing of it is read from the database."""
    shares = {"75 %": 0.75, "12 %": 0.12, "0 %": 0.0, "-40 %": -0.4, "no data": None}
    written = TOKENS.read_text()
    measures = [
        Measure(name, rem, float(rem) * 16) for name, rem in re.findall(r"--([a-z]+\d?): ([\d.]+)rem;", written)
    ]
    return Styleguide(
        tokens=tuple(Token(*found) for found in re.findall(r"--([\w-]+): light-dark\((.+?), (.+?)\);", written)),
        type_scale=tuple(measure for measure in measures if measure.name in TYPE_SCALE),
        room=tuple(measure for measure in measures if re.fullmatch(r"s\d", measure.name)),
        badges=tuple(sorted(set(_badges()), key=lambda badge: (badge.tone, badge.word))),
        icons=tuple(sorted(ICONS)),
        trend=sparkline(BURNS, "Burn rate of an example: at most 8.4×"),
        bars=tuple((name, budget_bar(share)) for name, share in shares.items()),
        notices=(
            Notice("success", "order-updates is forced on for 1 h."),
            Notice("warning", "Edited here since it was applied."),
            Notice("error", "Nothing was saved. Give a reason."),
        ),
        choices=(("15", "15 minutes"), ("60", "1 hour"), ("240", "4 hours")),
        tabs=(Tab("Open", 4, "?state=open", current=True), Tab("Firing", 3, "?state=firing"), Tab("All", None, "?")),
        ranges=(Segment("1h"), Segment("6h"), Segment("24h")),
        facts=(("Opens after", "5 failures in a row"), ("Tried out after", "30 s"), ("Closes after", "3 successes")),
        began=at - timedelta(minutes=42),
        ended=at - timedelta(minutes=4),
    )


def _badges() -> Iterator[Badge]:
    for value in vars(badges).values():
        if isinstance(value, Badge):
            yield value
        elif isinstance(value, dict):
            yield from (badge for badge in value.values() if isinstance(badge, Badge))
