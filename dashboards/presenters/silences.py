"""Silences: what is in force, to come and over, and what a new one would hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts import selectors_silences as selectors
from alerts.errors import MatcherError
from alerts.models import Alert, Silence
from alerts.rules.matchers import is_empty, matches_all, parse, written
from alerts.rules.silence import Phase
from dashboards.presenters.alert_rows import AlertRow, alert_rows
from slo import selectors as slo

# Of those that are over the last ones are listed, and of what a silence matches the first ones.
LISTED, SHOWN = 20, 20


@dataclass(frozen=True, slots=True)
class SilenceRow:
    """A silence beside its present or next occurrence; `alerts` are the open ones it holds or would hold."""

    silence: Silence
    conditions: str
    start: datetime
    end: datetime
    repeats: str
    by: str
    ended_by: str
    alerts: int
    declared: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What matchers fit now: `rows` of `total` open alerts. `fault` says what is wrong with them."""

    conditions: str
    rows: tuple[AlertRow, ...] = ()
    total: int = 0
    fault: str = ""


@dataclass(frozen=True, slots=True)
class SilencesPage:
    active: tuple[SilenceRow, ...]
    coming: tuple[SilenceRow, ...]
    ended: tuple[SilenceRow, ...]
    more: int


def silences_page(at: datetime) -> SilencesPage:
    """All silences in force and to come, and the last ones that are over."""
    labels = [alert.labels() for alert in selectors.open_alerts()]
    rows: dict[Phase, list[SilenceRow]] = {"active": [], "coming": [], "ended": []}
    for silence in selectors.silences(at):
        rows[silence.as_rule().phase(at)].append(_row(silence, at, labels))
    ended = sorted(rows["ended"], key=lambda row: row.silence.ended_at or row.end, reverse=True)
    return SilencesPage(
        active=tuple(sorted(rows["active"], key=lambda row: row.end)),
        coming=tuple(sorted(rows["coming"], key=lambda row: row.start)),
        ended=tuple(ended[:LISTED]),
        more=max(0, len(ended) - LISTED),
    )


def preview(text: str) -> Preview:
    """The open alerts that matchers would silence, or why they cannot be read."""
    try:
        matchers = parse(text)
    except MatcherError as error:
        return Preview(text, fault=error.message)
    if not matchers:
        return Preview(text)
    if is_empty(matchers):
        return Preview(text, fault='These match every alert there is: name at least one label, as in service="orders".')
    found = selectors.matching(matchers)
    return Preview(text, alert_rows(found[:SHOWN]), len(found))


def suggested(alert: Alert) -> str:
    """Matchers for an alert somebody wants to silence: this kind of thing, about this subject."""
    labels = alert.labels()
    about = next(name for name in ("objective", "source", "channel", "service", "kind") if labels.get(name))
    named = [(name, labels[name]) for name in ("alertname", about, "severity") if labels.get(name)]
    return ", ".join(f'{name}="{value}"' for name, value in named)


def label_names() -> tuple[str, ...]:
    """Labels there are, to help whoever writes matchers."""
    own = ("service", "team", "objective", "component", "tier", "severity", "kind", "alertname", "source", "channel")
    extra = {name for item in slo.objectives() for name in item.labels}
    return (*own, *sorted(extra - set(own)))


def _row(silence: Silence, at: datetime, labels: list[Mapping[str, str]] | list[dict[str, str]]) -> SilenceRow:
    rule = silence.as_rule()
    until, coming = rule.until(at), rule.coming(at)
    start, end = coming if coming and not until else (silence.start, silence.end)
    if until and silence.rule:
        start, end = until - (silence.end - silence.start), until
    return SilenceRow(
        silence=silence,
        conditions=written(rule.matchers),
        start=start,
        end=end,
        repeats=f"{silence.rule} ({silence.zone})" if silence.rule else "",
        by=silence.author,
        ended_by=str(silence.ended_by) if silence.ended_by else silence.ended_via,
        alerts=sum(matches_all(rule.matchers, one) for one in labels),
        declared=bool(silence.name),
    )
