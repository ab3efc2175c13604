"""Which span of time the charts of an objective show: a preset, or any two instants an address names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from dashboards import formats
from slo.maths.windows import floor_to, format_duration, from_epoch, to_epoch
from slo.models import Objective
from slo.services.thin import step as kept_every

DAY = 86_400
SHORTEST, LONGEST, OLDEST = 300, 400 * DAY, 10 * 366 * DAY
# Seconds between points, and as many of them as a chart can show apart.
STEPS = (60, 120, 300, 600, 1_800, 3_600, 7_200, 4 * 3_600, 12 * 3_600, DAY, 3 * DAY)
POINTS = 180
EXAMPLE = "2026-11-21T08:00Z"


@dataclass(frozen=True, slots=True)
class Range:
    """A preset that ends now: its length, and the step between its points, in seconds."""

    name: str
    seconds: int
    step: int


RANGES = (
    Range("1h", 3_600, 60),
    Range("6h", 21_600, 120),
    Range("1d", DAY, 600),
    Range("3d", 3 * DAY, 1_800),
    Range("7d", 7 * DAY, 3_600),
    Range("30d", 30 * DAY, 4 * 3_600),
    Range("90d", 90 * DAY, 12 * 3_600),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """The span charts show (epoch seconds), in whole steps. `name` is the preset's, empty for a span of one's own.

    Steps are multiples of `width` seconds, which is as fine as points can be.
    """

    name: str
    start: int
    end: int
    step: int
    width: int = 60

    @property
    def query(self) -> str:
        """What an address says to show this again."""
        if self.name:
            return urlencode({"range": self.name})
        return urlencode({"from": _minute(self.start), "to": _minute(self.end)}, safe=":")

    def file_name(self, objective: str, chart: str) -> str:
        """What a download is called, without its ending: orders-availability-sli-20261121T0800Z-20261121T1400Z."""
        first, last = (f"{from_epoch(at):%Y%m%dT%H%MZ}" for at in (self.start, self.end))
        return f"{objective}-{chart}-{first}-{last}"

    @property
    def words(self) -> str:
        """From when to when, and how far its points are apart."""
        start, end = from_epoch(self.start), from_epoch(self.end)
        until = f"{end:%H:%M}" if start.date() == end.date() else f"{end.day} {end:%b %Y %H:%M}"
        begin = f"{start.day} {start:%b %Y %H:%M}"
        return f"{begin} to {until} UTC, a point every {format_duration(self.step)}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is shown for an address, and in words what was wrong with it, if so."""

    shown: Shown
    problem: str


def default_range(period: int, *, paging: bool = False) -> Range:
    """The longest preset within the period; while something pages, the last hours are what matters."""
    if paging:
        return RANGES[1]
    return max((r for r in RANGES if r.seconds <= max(period, RANGES[0].seconds)), key=lambda r: r.seconds)


def _preset(item: Objective, at: datetime, chosen: Range) -> Shown:
    """A preset as it is shown at `at`: its last step ends with the present minute or slice."""
    width = _width(item)
    step = _whole(chosen.step, width)
    end = floor_to(to_epoch(at), width)
    return Shown(chosen.name, end - chosen.seconds // step * step, end, step, width)


def asked(item: Objective, at: datetime, address: Mapping[str, str], *, paging: bool = False) -> Asked:
    """What an address asks for by `range`, or by `from` and `to`; for what makes no sense the default, and why."""
    usual = _preset(item, at, default_range(item.span().seconds, paging=paging))
    if address.get("from") or address.get("to"):
        try:
            return Asked(_between(item, at, address.get("from", ""), address.get("to", "")), "")
        except _NonsenseError as error:
            return Asked(usual, f"{error}. Shown is the usual range instead.")
    name = address.get("range", "")
    found = next((r for r in RANGES if r.name == name), None)
    if found or not name:
        return Asked(_preset(item, at, found) if found else usual, "")
    known = formats.listing([r.name for r in RANGES])
    return Asked(usual, f"There is no range “{name[:40]}”, only {known}. Shown is the usual range instead.")


class _NonsenseError(ValueError):
    """A span that cannot be shown."""


def _between(item: Objective, at: datetime, first: str, last: str) -> Shown:
    if not first:
        raise _NonsenseError("A range with “to” needs a “from” too")
    width, now = _width(item), floor_to(to_epoch(at), _width(item))
    start, end = _instant("from", first), _instant("to", last) if last else now
    _sensible(start, end, now)
    end = min(-(-end // width) * width, now)
    least = max((end - start) / POINTS, kept_every(now - start))
    step = _whole(next((s for s in STEPS if s >= least), STEPS[-1]), width)
    return Shown("", end - max(2, -(-(end - start) // step)) * step, end, step, width)


def _sensible(start: int, end: int, now: int) -> None:
    """Raises _NonsenseError with the reason if a span cannot be shown."""
    if start >= end:
        raise _NonsenseError("The range ends before it begins: “from” must be earlier than “to”")
    if start > now - SHORTEST:
        raise _NonsenseError("The range lies in the future, or has hardly begun: nothing is measured there yet")
    if end - start < SHORTEST:
        raise _NonsenseError(f"The range is too short: {SHORTEST // 60} minutes at least")
    if min(end, now) - start > LONGEST:
        raise _NonsenseError(f"The range is too long: {LONGEST // DAY} days at most")
    if start < now - OLDEST:
        raise _NonsenseError("The range lies too far back: ten years at most")


def _instant(name: str, text: str) -> int:
    try:
        moment = datetime.fromisoformat(text[:40])
    except ValueError:
        raise _NonsenseError(f"“{name}={text[:40]}” is no instant; write it like {EXAMPLE}") from None
    return to_epoch(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _width(item: Objective) -> int:
    """A point needs a row of the ledger: thinning keeps whole minutes, and slices have theirs at their ends."""
    cut = item.slices()
    return cut.window if cut else 60


def _whole(step: int, width: int) -> int:
    return -(-step // width) * width


def _minute(at: int) -> str:
    return f"{from_epoch(at):%Y-%m-%dT%H:%MZ}"
