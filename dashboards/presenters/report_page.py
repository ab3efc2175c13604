"""A report as people read it: its verdict in words, and the tables of each service."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from dashboards import formats
from dashboards.presenters import badges
from dashboards.presenters.badges import Badge
from dashboards.presenters.report_rows import (
    WORST_DAYS,
    Effect,
    Excluded,
    Incident,
    Report,
    ReportRow,
    ServicePart,
    Shed,
    verdict_of,
)
from dashboards.sparkline import Bar, Sparkline, day_strip, spent_bar

VERDICTS = {
    "met": Badge("disc", "Met", "ok", 2),
    "missed": Badge("square", "Missed", "bad", 0),
    "no data": badges.NO_DATA,
}
# A quarter has three times the days of a month, and as much room.
_STEP, _NARROW, _MANY = 4, 2, 40
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Line:
    """An objective of the report; `meanwhile` counts what happened, `missed_before` is of the period before."""

    row: ReportRow
    badge: Badge
    bar: Bar
    days: Sparkline
    meanwhile: tuple[str, ...]
    missed_before: bool

    @property
    def blanks(self) -> range:
        """The cells that stay empty in the table of worst days."""
        return range(WORST_DAYS - len(self.row.worst))


@dataclass(frozen=True, slots=True)
class Fired:
    """An alert of one of the service's objectives."""

    title: str
    incident: Incident


@dataclass(frozen=True, slots=True)
class ShedRow:
    """Flags that were shed together, and what came of it."""

    flags: tuple[str, ...]
    start: datetime
    seconds: float
    whom: str
    badge: Badge | None
    effect: Effect | None


@dataclass(frozen=True, slots=True)
class ExcludedRow:
    """A span that did not count, for which objectives."""

    span: Excluded
    whom: str


@dataclass(frozen=True, slots=True)
class Section:
    """A service of the report; `worst` are the lines that had bad days, `left_out` how many objectives have no line."""

    name: str
    title: str
    owner: str
    verdict: str
    lines: tuple[Line, ...]
    fired: tuple[Fired, ...]
    sheds: tuple[ShedRow, ...]
    excluded: tuple[ExcludedRow, ...]
    worst: tuple[Line, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """A service in the summary; `closest` is the objective with the least budget left."""

    name: str
    title: str
    badge: Badge
    met: str
    before: str
    closest: ReportRow | None
    bar: Bar
    meanwhile: tuple[str, ...]


def verdict(made: Report) -> tuple[str, str]:
    """The period in a sentence, and its tone."""
    over, when = made.period.over, made.period.title
    measured = made.met + made.missed
    if not measured:
        return f"Nothing was measured in {when}", "none"
    was = ("was" if over else "is") if measured == 1 else ("were" if over else "are")
    many = f"{made.met} of {measured} objectives {was}" if made.missed else f"{_every(measured, made.total)} {was}"
    words = f"{many} met {'in' if over else 'so far in'} {when}"
    return words + _because(made), "bad" if made.missed else "ok"


def _every(measured: int, total: int) -> str:
    kind = "objective" if measured == total else "measured objective"
    return f"The only {kind}" if measured == 1 else f"All {measured} {kind}s"


def _because(made: Report) -> str:
    missed = [row for row in made.rows if row.verdict == "missed"]
    if not missed:
        return ""
    names = [row.title for row in missed[:_NAMED]]
    more = made.missed - len(names)
    gone = f", which spent {formats.percent(missed[0].spent, 0)} of its budget" if made.missed == 1 else ""
    return f"; missed: {formats.listing([*names, f'{more} more'] if more else names)}{gone}"


def facts(made: Report) -> tuple[str, ...]:
    """What goes with the verdict, each in a few words."""
    before, found = made.tally_before, []
    measured = before["met"] + before["missed"]
    if measured:
        found.append(f"{made.period.before().title}: {before['met']} of {measured} met")
    closest = min((row for row in made.rows if row.verdict == "met"), key=_left, default=None)
    if closest is not None and not made.missed:
        found.append(f"closest to a miss: {closest.title}, {formats.percent(closest.spent, 0)} of its budget spent")
    if unknown := made.count("no data"):
        found.append(f"{formats.plural(unknown, 'objective')} without data")
    rows = made.rows
    found += _counted([i for row in rows for i in row.incidents])
    sheds = [shed for part in made.parts for shed in part.sheds]
    if sheds:
        found.append(f"{formats.plural(len({shed.flag for shed in sheds}), 'feature')} dimmed for a while")
    return tuple(found)


def _left(row: ReportRow) -> float:
    return 1.0 if row.budget.remaining is None else row.budget.remaining


def _counted(incidents: Iterable[Incident]) -> list[str]:
    found = [incident.severity for incident in incidents]
    return [formats.plural(found.count(name), name) for name in ("page", "ticket") if name in found]


def sections(made: Report) -> tuple[Section, ...]:
    """The services of a report, as they are drawn."""
    return tuple(_section(part, made) for part in made.parts)


def _section(part: ServicePart, made: Report) -> Section:
    sheds = _sheds(part)
    lines = tuple(_line(row, sheds) for row in part.rows)
    return Section(
        name=part.name,
        title=part.title,
        owner=part.owner,
        verdict=_met(part),
        lines=lines,
        fired=tuple(Fired(row.title, incident) for row in part.rows for incident in row.incidents),
        sheds=sheds,
        excluded=_excluded(part),
        worst=tuple(line for line in lines if line.row.worst),
        left_out=part.total - len(part.rows),
    )


def _met(part: ServicePart) -> str:
    unknown = part.tally["no data"]
    words = f"{part.tally['met']} of {part.total - unknown} met"
    return f"{words}, {unknown} without data" if unknown else words


def _line(row: ReportRow, sheds: Iterable[ShedRow]) -> Line:
    mine = sum(1 for shed in sheds if shed.effect and shed.effect.objective == row.objective)
    said = _counted(row.incidents)
    if mine:
        said.append(f"shed {mine}×")
    if row.excluded:
        said.append(f"{formats.duration(sum(span.seconds for span in row.excluded))} excluded")
    missed = verdict_of(row.before, row.target) == "missed"
    return Line(row, VERDICTS[row.verdict], spent_bar(row.spent), _strip(row), tuple(said), missed)


def _strip(row: ReportRow) -> Sparkline:
    step = _NARROW if len(row.days) > _MANY else _STEP
    return day_strip([day.burn for day in row.days], _told(row), step=step)


def _told(row: ReportRow) -> str:
    """The strip of days in words."""
    burns = [(day.burn, day.day) for day in row.days if day.burn is not None]
    if not burns:
        return "Burn rate by day: no data"
    above, (most, when) = sum(burn > 1 for burn, _ in burns), max(burns, key=lambda pair: pair[0])
    said = f"above 1× on {above} of {formats.plural(len(row.days), 'day')}, at most {formats.factor(most)}"
    silent = len(row.days) - len(burns)
    return f"Burn rate by day: {said} on {when.day} {when:%b}" + (f", no data on {silent}" if silent else "")


def _sheds(part: ServicePart) -> tuple[ShedRow, ...]:
    """Flags that went in one step are one row."""
    titles = {row.objective: row.title for row in part.rows}
    ordered = sorted(part.sheds, key=lambda shed: (shed.start, _step(shed), shed.flag))
    together = groupby(ordered, key=lambda shed: (_step(shed), shed.start))
    return tuple(_shed(list(found), titles) for _, found in together)


def _step(shed: Shed) -> int:
    return shed.effect.step if shed.effect else 0


def _shed(found: list[Shed], titles: Mapping[str, str]) -> ShedRow:
    effect, start = found[0].effect, found[0].start
    return ShedRow(
        flags=tuple(shed.flag for shed in found),
        start=start,
        seconds=max((shed.end - start).total_seconds() for shed in found),
        whom=titles.get(effect.objective, effect.objective) if effect else "",
        badge=badges.verdict(effect.verdict) if effect else None,
        effect=effect,
    )


def _excluded(part: ServicePart) -> tuple[ExcludedRow, ...]:
    """One row a span, however many objectives it concerns."""
    whom: dict[Excluded, list[str]] = {}
    for row in part.rows:
        for span in row.excluded:
            whom.setdefault(span, []).append(row.title)
    everybody = len(part.rows)
    return tuple(
        ExcludedRow(span, "all objectives" if len(names) == everybody else formats.listing(names))
        for span, names in sorted(whom.items(), key=lambda pair: pair[0].start)
    )


def service_lines(made: Report, parts: tuple[Section, ...]) -> tuple[ServiceLine, ...]:
    """The services at a glance; none if there is only one."""
    if len(parts) < 2:
        return ()
    return tuple(_service_line(part, drawn) for part, drawn in zip(made.parts, parts, strict=True))


def _service_line(part: ServicePart, drawn: Section) -> ServiceLine:
    closest = min((row for row in part.rows if row.spent is not None), key=_left, default=None)
    name = "missed" if part.tally["missed"] else "met" if part.tally["met"] else "no data"
    measured = part.tally_before["met"] + part.tally_before["missed"]
    said = _counted([fired.incident for fired in drawn.fired])
    if drawn.sheds:
        said.append(f"shed {len(drawn.sheds)}×")
    if drawn.excluded:
        said.append(f"{formats.duration(sum(row.span.seconds for row in drawn.excluded))} excluded")
    return ServiceLine(
        name=part.name,
        title=part.title,
        badge=VERDICTS[name],
        met=_met(part),
        before=f"{part.tally_before['met']} of {measured}" if measured else "",
        closest=closest,
        bar=spent_bar(closest.spent if closest else None),
        meanwhile=tuple(said),
    )
