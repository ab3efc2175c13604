"""What surrounds every page: the rail, the strip of what burns, who is looking."""

from dataclasses import dataclass

from alerts import selectors as alerts
from alerts.models import Alert
from dashboards import formats
from dashboards.presenters.alert_rows import AlertRow, alert_rows
from degradation import selectors as degradation

STRIP_LENGTH = 3


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
    """Everything that burns now; empty when nothing does. What is kept quiet comes last."""

    items: tuple[AlertRow, ...]
    more: int
    shed: str

    @property
    def loud(self) -> bool:
        """Does anything burn that nothing keeps quiet?"""
        return any(not item.hushed for item in self.items)


def strip() -> Strip | None:
    """The strip under the top; None when nothing burns."""
    firing = alerts.firing()
    if not firing:
        return None
    # Pages come first, so what pages is not named again for its ticket.
    first: dict[tuple[str, str], Alert] = {}
    for alert in sorted(firing, key=lambda alert: alert.suppressed):
        first.setdefault((alert.kind, alert.subject), alert)
    shed = [flag.key for view in degradation.shedding() for flag in view.flags]
    return Strip(
        items=alert_rows(list(first.values())[:STRIP_LENGTH]),
        more=max(0, len(first) - STRIP_LENGTH),
        shed=formats.listing(shed) if len(shed) <= 3 else f"{len(shed)} flags",
    )
