"""Geometry and words of the 90-day bars. PURE: days in, SVG attributes and sentences out; colours are classes.

A day's column is filled from below by the share of it in which users were harmed, then limited; the rest is what went
well. What is not known is left out of the column, so a day without any data is a stub.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards import formats
from degradation.rules.days import Day

STEP, WIDTH, HEIGHT, STUB, LEAST = 5, 4, 32.0, 3.0, 10.0


@dataclass(frozen=True, slots=True)
class Part:
    """A rectangle of one tone."""

    tone: str
    y: str
    height: str


@dataclass(frozen=True, slots=True)
class Column:
    """A day: where it stands, what it shows, and the same in words."""

    x: int
    parts: tuple[Part, ...]
    day: Day
    words: str


@dataclass(frozen=True, slots=True)
class DayBars:
    """The bars of a capability; `summary` says them in a sentence, `notable` are the days on which something was."""

    width: int
    columns: tuple[Column, ...]
    summary: str

    @property
    def notable(self) -> tuple[Column, ...]:
        """Days that were not simply well, newest first; those before the first data not."""
        known = [column for column in self.columns if column.day.known]
        first = known[0].day.date if known else None
        return tuple(
            column
            for column in reversed(self.columns)
            if column.words != "no trouble" and first and column.day.date >= first
        )


def day_bars(days: Sequence[Day]) -> DayBars:
    """The columns, oldest first."""
    columns = tuple(Column(index * STEP, _parts(day), day, _words(day)) for index, day in enumerate(days))
    return DayBars(max(1, len(days) * STEP - STEP + WIDTH), columns, _summary(days))


def _parts(day: Day) -> tuple[Part, ...]:
    if not day.known:
        return (Part("none", f"{HEIGHT - STUB:g}", f"{STUB:g}"),)
    harmed, limited = _tall(day.harmed / day.passed), _tall(day.limited / day.passed)
    # What is small is drawn large enough to be seen; together they never leave the column.
    limited = min(limited, HEIGHT - harmed)
    well = max(0.0, HEIGHT * day.known / day.passed - harmed - limited)
    parts, base = [], HEIGHT
    for tone, tall in (("bad", harmed), ("warn", limited), ("ok", well)):
        if tall > 0:
            base -= tall
            parts.append(Part(tone, f"{base:.4g}", f"{tall:.4g}"))
    return tuple(parts)


def _tall(share: float) -> float:
    return max(LEAST, min(1.0, share) * HEIGHT) if share > 0 else 0.0


def _words(day: Day) -> str:
    if not day.known:
        return "no data"
    said = []
    if day.harmed:
        said.append(f"not available for {formats.duration(day.harmed)}")
    if day.limited:
        said.append(f"limited for {formats.duration(day.limited)}")
    if day.passed - day.known >= 60:
        said.append(f"no data for {formats.duration(day.passed - day.known)}")
    return formats.listing(said) or "no trouble"


def _summary(days: Sequence[Day]) -> str:
    known = sum(1 for day in days if day.known)
    if not known:
        return f"No data in the last {len(days)} days"
    harmed, limited = sum(1 for day in days if day.harmed), sum(1 for day in days if day.limited)
    said = []
    if harmed:
        said.append(f"not available at times on {formats.plural(harmed, 'day')}")
    if limited:
        said.append(f"limited at times on {formats.plural(limited, 'day')}")
    told = formats.listing(said) or "no trouble"
    return f"Last {len(days)} days: {told}" + ("" if known == len(days) else f"; no data on {len(days) - known}")
