"""The list of alerts: filtered as the address says, counted by state, a page at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from alerts import selectors as alerts
from alerts import selectors_listed as listed
from alerts.models import Alert, Delivery
from dashboards.presenters.alert_rows import AlertRow, alert_rows
from slo.maths.burn import SEVERITIES

PER_PAGE = 50
# What is past, below what is open.
LATEST = 10
PERIODS: Mapping[str, tuple[str, timedelta]] = {
    "24h": ("24 hours", timedelta(days=1)),
    "7d": ("7 days", timedelta(days=7)),
    "30d": ("30 days", timedelta(days=30)),
    "90d": ("90 days", timedelta(days=90)),
}
MARKS = {
    "loud": "nobody has it",
    "unacknowledged": "not acknowledged",
    "acknowledged": "acknowledged",
    "silenced": "silenced",
    "inhibited": "held back",
}
STATES = {"open": "Open", "firing": "Firing", "pending": "Pending", "past": "Past"}
KINDS: dict[str, str] = {
    Alert.Kind.BURN: "budget burns",
    Alert.Kind.NO_DATA: "no data",
    Alert.Kind.COMPLETENESS: "low completeness",
    Alert.Kind.BUDGET: "budget step",
    Alert.Kind.SOURCE: "source fails",
    Alert.Kind.DELIVERY: "delivery fails",
    Alert.Kind.SHEDDING: "shedding",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; `page` counts from 1."""

    state: str = "open"
    kind: str = ""
    severity: str = ""
    service: str = ""
    objective: str = ""
    mark: str = ""
    words: str = ""
    period: str = ""
    team: str = ""
    channel: str = ""
    page: int = 1

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> "Asked":
        """From GET parameters; what is not known is ignored."""
        state, page = parameters.get("state", "open"), parameters.get("page", "1")
        return cls(
            state=state if state in STATES else "open",
            kind=_known(parameters.get("kind", ""), KINDS),
            severity=_known(parameters.get("severity", ""), SEVERITIES),
            service=_text(parameters, "service"),
            objective=_text(parameters, "objective"),
            mark=_known(parameters.get("mark", ""), MARKS),
            words=_text(parameters, "q").strip(),
            period=_known(parameters.get("period", ""), PERIODS),
            team=_text(parameters, "team"),
            channel=_text(parameters, "channel"),
            page=max(1, int(page)) if page.isascii() and page.isdecimal() and len(page) < 7 else 1,
        )

    @property
    def narrowed(self) -> bool:
        """Does it leave anything out beside the state?"""
        return self != Asked(state=self.state, page=self.page)

    def wanted(self, at: datetime) -> listed.Wanted:
        since = at - PERIODS[self.period][1] if self.period else None
        return listed.Wanted(
            self.kind,
            self.severity,
            self.service,
            self.objective,
            self.mark,
            self.words,
            since,
            self.team,
            self.channel,
        )

    def address(self) -> str:
        """The query string that asks for the same."""
        pairs = {
            "state": "" if self.state == "open" else self.state,
            "kind": self.kind,
            "severity": self.severity,
            "service": self.service,
            "objective": self.objective,
            "mark": self.mark,
            "q": self.words,
            "period": self.period,
            "team": self.team,
            "channel": self.channel,
            "page": "" if self.page == 1 else str(self.page),
        }
        return "?" + urlencode({name: value for name, value in pairs.items() if value})


@dataclass(frozen=True, slots=True)
class Tab:
    name: str
    title: str
    count: int
    current: bool
    href: str


@dataclass(frozen=True, slots=True)
class AlertsPage:
    """`rows` are those of the page that is asked for, `first` to `last` of `total`; `past` the latest beside them.

    `newer` and `older` are the query strings of the pages beside it, empty where there is none.
    """

    asked: Asked
    tabs: tuple[Tab, ...]
    rows: tuple[AlertRow, ...]
    past: tuple[AlertRow, ...]
    more_past: str
    total: int
    first: int
    last: int
    newer: str
    older: str
    services: tuple[tuple[str, str], ...]
    teams: tuple[str, ...]
    channels: tuple[str, ...]
    dead: tuple[Delivery, ...]
    waiting: int
    kinds: tuple[tuple[str, str], ...] = tuple((str(name), title) for name, title in KINDS.items())
    severities: tuple[str, ...] = SEVERITIES
    marks: tuple[tuple[str, str], ...] = tuple(MARKS.items())
    periods: tuple[tuple[str, str], ...] = tuple((name, title) for name, (title, _) in PERIODS.items())

    @property
    def is_past(self) -> bool:
        return self.asked.state == "past"


def alerts_page(at: datetime, asked: Asked) -> AlertsPage:
    """The alerts the address asks for, and with the open ones the latest past ones."""
    wanted = asked.wanted(at)
    counts = listed.tallies(wanted)
    total = counts[asked.state]
    pages = max(1, -(-total // PER_PAGE))
    asked = replace(asked, page=min(asked.page, pages))
    start = (asked.page - 1) * PER_PAGE
    rows = alert_rows(listed.listed(wanted, asked.state)[start : start + PER_PAGE])
    past = listed.listed(wanted, "past")[:LATEST] if asked.state == "open" and asked.page == 1 else []
    return AlertsPage(
        asked=asked,
        tabs=tuple(_tab(asked, name, counts[name]) for name in STATES),
        rows=rows,
        past=alert_rows(past),
        more_past=replace(asked, state="past", page=1).address() if counts["past"] > LATEST else "",
        total=total,
        first=start + 1,
        last=start + len(rows),
        newer=replace(asked, page=asked.page - 1).address() if asked.page > 1 else "",
        older=replace(asked, page=asked.page + 1).address() if asked.page < pages else "",
        services=tuple(listed.services()),
        teams=tuple(listed.teams()),
        channels=tuple(listed.channels()),
        dead=tuple(alerts.dead_letters()[:20]),
        waiting=alerts.outbox_depth(),
    )


def _tab(asked: Asked, name: str, count: int) -> Tab:
    return Tab(name, STATES[name], count, asked.state == name, replace(asked, state=name, page=1).address())


def _text(parameters: Mapping[str, str], name: str) -> str:
    return parameters.get(name, "").replace("\0", "")[:200]


def _known(value: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    return value if value in known else ""
