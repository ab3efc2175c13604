"""A component's circuit: where it stands, by which settings, what changed it, and what clients say of theirs."""

from dataclasses import dataclass
from datetime import datetime

from dashboards import formats
from dashboards.presenters import badges
from dashboards.presenters.badges import Badge
from degradation import selectors as degradation
from degradation.models import CircuitChange
from degradation.rules.circuit import Settings
from degradation.selectors import CircuitView
from slo.maths.windows import format_duration

# Clients that are shown one by one: those that are not closed come first.
SHOWN = 50


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A client's circuit as it last told; `counted`: its calls of late in words, `fresh`: it counts."""

    client: str
    badge: Badge
    counted: str
    at: datetime
    fresh: bool


@dataclass(frozen=True, slots=True)
class CircuitCard:
    """What there is to say of a circuit wherever it is shown; `fleet` and `words` are of its clients' circuits."""

    name: str
    title: str
    badge: Badge
    forced: bool
    since: datetime | None
    until: datetime | None
    reason: str
    by: str
    version: int
    fleet: Badge
    words: str


@dataclass(frozen=True, slots=True)
class CircuitDetails:
    """The rest, for the page of the component: settings as (name, value), the latest changes, the clients."""

    card: CircuitCard
    settings: tuple[tuple[str, str], ...]
    declared: bool
    changes: tuple[tuple[CircuitChange, Badge], ...]
    clients: tuple[ClientRow, ...]
    more: int


def circuit_card(name: str, at: datetime) -> CircuitCard:
    """The circuit of a component at `at`, for `dashboards/_circuit.html`. Raises NotFoundError."""
    return card_of(degradation.circuit(name, at))


def card_of(view: CircuitView) -> CircuitCard:
    """The same, of a circuit that has been read already."""
    return CircuitCard(
        name=view.component.name,
        title=str(view.component),
        badge=badges.circuit(view.phase),
        forced=view.forced,
        since=view.since,
        until=view.until,
        reason=view.reason,
        by=view.by,
        version=view.version,
        fleet=badges.health(view.fleet.status),
        words=view.fleet.words,
    )


def circuit_details(view: CircuitView, at: datetime) -> CircuitDetails:
    """Everything about a circuit at `at`."""
    clients = _clients(view, at)
    return CircuitDetails(
        card=card_of(view),
        settings=_settings(view.settings),
        declared=view.declared,
        changes=tuple((row, badges.circuit(row.after)) for row in degradation.circuit_changes(view.component)),
        clients=clients[:SHOWN],
        more=max(0, len(clients) - SHOWN),
    )


def _clients(view: CircuitView, at: datetime) -> tuple[ClientRow, ...]:
    rows = [
        ClientRow(
            client=found.report.client,
            badge=badges.circuit(found.report.phase),
            counted=_counted(found.report.counters),
            at=found.report.at,
            fresh=found.fresh,
        )
        for found in degradation.circuit_reports(view.component, at)
    ]
    return tuple(sorted(rows, key=lambda row: (not row.fresh, row.badge.rank, row.client)))


def _counted(counters: dict[str, float]) -> str:
    """Such as "12 of 20 failed, 3 slow"."""
    calls, words = counters.get("calls"), []
    if "failed" in counters:
        whole = "" if calls is None else f" of {formats.compact(calls)}"
        words.append(f"{formats.compact(counters['failed'])}{whole} failed")
    elif calls is not None:
        words.append(f"{formats.compact(calls)} calls")
    if "slow" in counters:
        words.append(f"{formats.compact(counters['slow'])} slow")
    return ", ".join(words)


def _settings(settings: Settings) -> tuple[tuple[str, str], ...]:
    least = formats.plural(settings.minimum_calls, "call")
    failing = f"{formats.percent(settings.failure_rate)} failing"
    counted = f", at least {settings.failures}" if settings.failures else ""
    longer = f"{settings.growth:g}× longer each time, up to {format_duration(settings.longest)}"
    return (
        ("Looks at", f"{format_duration(settings.window)}, from {least} on"),
        ("Opens at", f"{failing}{counted}, or {formats.percent(settings.slow_rate)} slow"),
        ("Stays open", f"{format_duration(settings.open_for)}, {longer}"),
        ("Closes after", f"{settings.successes} good ones of {formats.plural(settings.permits, 'probe')}"),
    )
