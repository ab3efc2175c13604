"""What there is to say of data that does not come: from an objective, or from a whole source."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from alerts.models import Alert, about
from alerts.rules import words
from alerts.rules.lack import GAPS, SILENT, UNANSWERED, gappy, silent
from alerts.services.cases import Case, Key, consider
from slo.maths.status import Status
from slo.maths.windows import format_duration
from slo.models import Objective, Source, SourceState

Book = Mapping[Key, Alert]


def objective(item: Objective, status: Status, book: Book, at: datetime) -> Iterator[Case]:
    """The cases of one objective: no data at all, and data with gaps."""
    key = (Alert.Kind.NO_DATA, item.name, SILENT.severity)
    known = silent(status)
    if key in book or known:
        cause = _silence(status) if known else "there is data again"
        yield consider(key, about(item), book.get(key), known, at, SILENT.timing, cause)
    key = (Alert.Kind.COMPLETENESS, item.name, GAPS.severity)
    known = gappy(status)
    if key in book or known:
        yield consider(key, about(item), book.get(key), known, at, GAPS.timing, _gaps(status))


def sources(book: Book, at: datetime) -> list[Case]:
    """The cases of every source that objectives are measured by."""
    states = SourceState.objects.filter(source__objectives__isnull=False).distinct().select_related("source")
    return list(_sources(states, book, at))


def _sources(states: Iterable[SourceState], book: Book, at: datetime) -> Iterator[Case]:
    for state in states:
        key = (Alert.Kind.SOURCE, state.source.name, UNANSWERED.severity)
        if key in book or state.problem:
            fresh = (at - state.asked_at).total_seconds() <= UNANSWERED.stale
            known = bool(state.problem) if fresh else None
            cause = words.clip(state.problem, 300) if state.problem else "it answers again"
            yield consider(key, _about(state.source), book.get(key), known, at, UNANSWERED.timing, cause)


def _about(source: Source) -> dict[str, object]:
    return {"title": str(source), "service": None, "runbook": "", "objective": None}


def _silence(status: Status) -> str:
    why = f": {words.clip(status.problem, 200)}" if status.problem else ""
    return f"no data for {words.duration(SILENT.seconds)}{why}"


def _gaps(status: Status) -> str:
    long, short = (status.windows[length].completeness for length in (GAPS.long, GAPS.short))
    return (
        f"{words.percent(long)} observed over {format_duration(GAPS.long)} and {words.percent(short)} over "
        f"{format_duration(GAPS.short)} (limit {words.percent(GAPS.share)})"
    )
