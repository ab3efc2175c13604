"""What is shaded behind the charts of an objective: alerts, sheds, exclusions, annotations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from alerts import selectors as alerts
from dashboards import formats
from dashboards.figures import LETTERS, Band, BandKind
from degradation import selectors as degradation
from slo import selectors, selectors_noted
from slo.maths.windows import from_epoch, to_epoch
from slo.models import Objective

# As many alerts and annotations, the newest, as a chart can show apart.
MARKS = 200
_WORDS: dict[BandKind, tuple[str, str]] = {
    "alert": ("alert", "alerts"),
    "shed": ("shed", "sheds"),
    "excluded": ("exclusion", "exclusions"),
    "annotation": ("annotation (deploys, …)", "annotations (deploys, …)"),
}


@dataclass(frozen=True, slots=True)
class BandText:
    """A shaded span in words; a mark begins and ends at the same instant."""

    kind: BandKind
    label: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class BandKey:
    """A kind of span that occurs: the letter that stands on it, and how many there are, in words."""

    kind: BandKind
    letter: str
    text: str


def bands(item: Objective, start: int, end: int) -> list[Band]:
    """Alerts, sheds, exclusions and annotations that touch a span, as bands within it."""
    since, until = from_epoch(start), from_epoch(end)
    fired = [
        Band("alert", to_epoch(a.fired_at), to_epoch(a.ended_at) if a.ended_at else end, f"{a.severity} alert")
        for a in alerts.history(MARKS, objective=item.name, where=_fired(since, until))
        if a.fired_at is not None
    ]
    excluded = [
        Band("excluded", span.start, span.end, exclusion.reason)
        for exclusion, spans in selectors.exclusions(item, since, until)
        for span in spans
    ]
    shed = [
        Band("shed", to_epoch(s.start), to_epoch(s.end), s.flag) for s in degradation.sheds(item.service, since, until)
    ]
    noted = [
        Band("annotation", to_epoch(a.at), to_epoch(a.until or a.at), str(a))
        for a in selectors_noted.annotations(item.name, since=since, until=until)[:MARKS]
    ]
    clipped = [Band(b.kind, max(b.start, start), min(b.end, end), b.label) for b in (*fired, *excluded, *shed, *noted)]
    # An annotation of an instant has no length, and is a mark.
    shown = (b for b in clipped if b.start < b.end or (b.kind == "annotation" and b.start == b.end))
    return sorted(shown, key=lambda b: (b.kind, b.start))


def _fired(since: datetime, until: datetime) -> Q:
    return Q(fired_at__lt=until) & (Q(ended_at=None) | Q(ended_at__gt=since))


def in_words(found: Sequence[Band]) -> tuple[BandText, ...]:
    """The spans as a list."""
    return tuple(BandText(b.kind, b.label, from_epoch(b.start), from_epoch(b.end)) for b in found)


def keys(found: Sequence[Band]) -> tuple[BandKey, ...]:
    """What stands in the legend: the kinds that occur."""
    counts = {kind: sum(b.kind == kind for b in found) for kind in LETTERS}
    return tuple(
        BandKey(kind, LETTERS[kind], formats.plural(number, *_WORDS[kind])) for kind, number in counts.items() if number
    )


def during(found: Sequence[Band], start: int, end: int) -> list[str]:
    """In which spans one is between two instants, in a few words each: page alert, shed order-updates."""
    within = [b for b in found if (b.start <= end and b.end > start) or start < b.start == b.end <= end]
    return list(dict.fromkeys(_said(b) for b in within))


def _said(band: Band) -> str:
    said = {"alert": band.label, "shed": f"{band.label} shed", "excluded": f"excluded: {band.label}"}
    return said.get(band.kind, band.label)
