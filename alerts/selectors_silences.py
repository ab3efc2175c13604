"""Reads of silences: what is in force, to come and over, what was done to them, and what matchers fit."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import QuerySet

from alerts.models import Alert, Silence, SilenceChange
from alerts.rules.matchers import Matcher, matches_all
from alerts.rules.silence import Phase
from alerts.selectors import open_alerts
from slo.errors import NotFoundError

__all__ = ["changes", "count", "matching", "open_alerts", "silence", "silences"]

_ORDER: tuple[Phase, ...] = ("active", "coming", "ended")


def silences(at: datetime, state: Phase | None = None) -> list[Silence]:
    """Silences in a state, or all: those in force first, then those to come, then those that are over, latest first."""
    phased = [(row.as_rule().phase(at), row) for row in _silences()]
    chosen = [(phase, row) for phase, row in phased if state in (None, phase)]
    return [row for _, row in sorted(chosen, key=lambda pair: _ORDER.index(pair[0]))]


def silence(pk: int) -> Silence:
    """The silence of that number. Raises NotFoundError."""
    found = _silences().filter(pk=pk).first()
    if found is None:
        raise NotFoundError(f"There is no silence {pk}")
    return found


def changes(silence: int | None = None) -> QuerySet[SilenceChange]:
    """What was done to silences (to one), newest first."""
    found = SilenceChange.objects.select_related("actor")
    return found if silence is None else found.filter(silence=silence)


def matching(matchers: Sequence[Matcher]) -> list[Alert]:
    """The open alerts that fulfil all conditions: pages first, then the oldest. None without a condition."""
    return [alert for alert in open_alerts() if matches_all(matchers, alert.labels())] if matchers else []


def count(matchers: Sequence[Matcher], labels: Iterable[Mapping[str, str]]) -> int:
    """How many of these sets of labels fulfil all conditions."""
    return sum(matches_all(matchers, one) for one in labels)


def _silences() -> QuerySet[Silence]:
    return Silence.objects.select_related("created_by", "ended_by").order_by("-start", "-pk")
