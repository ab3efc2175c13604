"""What surrounds every page: the rail, the strip of what burns, who is looking."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alerts import selectors as alerts
from alerts.selectors import Brief
from dashboards import formats
from dashboards.presenters.alert_rows import AlertRow, alert_rows, pace
from degradation import selectors as degradation

# In a storm the strip must not push away what somebody came for: so many are named.
STRIP_LENGTH = 2


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the rail, and those that belong to it; `url` is a URL name."""

    url: str
    title: str
    icon: str
    below: tuple["Entry", ...] = ()


RAIL = (
    Entry("overview", "Overview", "overview", (Entry("wallboard", "Wallboard", "board"),)),
    Entry("objectives", "Objectives", "target"),
    Entry("capabilities", "Capabilities", "layers"),
    Entry("components", "Components", "grid"),
    Entry("alerts", "Alerts", "bell", (Entry("silences", "Silences", "hush"), Entry("channels", "Channels", "send"))),
    Entry("flags", "Flags", "flag"),
    Entry("shedding", "Shedding", "dim"),
    Entry("availability", "Availability", "sum"),
    Entry("runbooks", "Runbooks", "book"),
    Entry("reports", "Reports", "page"),
    Entry("manage-status", "Status page", "send"),
)

# At the bottom, for those who may do something there.
SETTINGS = Entry("settings", "Settings", "sliders")


@dataclass(frozen=True, slots=True)
class Strip:
    """What burns now, in one line: the most urgent by name, `rest` by number, and the keys of the flags that are shed.

    `rest_of_first` is the number where there is room for one name only.
    """

    items: tuple[AlertRow, ...]
    rest: str
    rest_of_first: str
    shed: tuple[str, ...]

    @property
    def loud(self) -> bool:
        """Does anything page that nobody is on and nothing keeps quiet?"""
        return any(_is_loud(item) for item in self.items)


def strip() -> Strip | None:
    """The strip under the top; None when nothing burns."""
    # Pages come first, so what pages is not named again for its ticket.
    first: dict[tuple[str, str], Brief] = {}
    for alert in alerts.firing_briefly():
        first.setdefault((alert.kind, alert.subject), alert)
    if not first:
        return None
    ranked = _ranked(first.values())
    named = [alert for alert in ranked[:STRIP_LENGTH] if alert is ranked[0] or _is_loud(alert)]
    return Strip(
        items=alert_rows(alerts.in_order([alert.pk for alert in named])),
        rest=_counted(ranked[len(named) :]),
        rest_of_first=_counted(ranked[1:]),
        shed=tuple(flag.key for view in degradation.shedding() for flag in view.flags),
    )


def _ranked(found: Iterable[Brief]) -> list[Brief]:
    """The most urgent first; those behind what can be named are only counted, and their pace does not matter."""
    ranked = sorted(found, key=_weight)
    last = _weight(ranked[:STRIP_LENGTH][-1])
    likely = [alert for alert in ranked if _weight(alert) <= last]
    return sorted(likely, key=_urgency) + ranked[len(likely) :]


def _urgency(alert: Brief) -> tuple[bool, bool, bool, float]:
    burn, _ = pace(alert.figures)
    return *_weight(alert), -(burn or 0.0)


def _weight(alert: Brief) -> tuple[bool, bool, bool]:
    return alert.hushed, alert.severity != "page", alert.acknowledged


def _is_loud(row: AlertRow | Brief) -> bool:
    return row.severity == "page" and not row.acknowledged and not row.hushed


def _counted(rows: Sequence[Brief]) -> str:
    """How many more there are of each severity: 1 page and 2 tickets. What is kept quiet is not counted."""
    counts = Counter(row.severity for row in rows if not row.hushed)
    return formats.listing([formats.plural(number, severity) for severity, number in sorted(counts.items())])
