"""The list of alerts: filtered as the address says, counted by state, a page at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from urllib.parse import urlencode

from alerts import selectors as alerts
from alerts import selectors_listed as listed
from alerts.models import Alert, Delivery
from dashboards import formats
from dashboards.presenters.alert_rows import AlertRow, alert_rows
from dashboards.presenters.narrowing import Chip, Tab
from dashboards.presenters.pager import Pager, pager
from slo.maths.burn import SEVERITIES

PER_PAGE = 50
# What is past, below what is open.
LATEST = 10
# As many open alerts are listed one by one; of more, EACH of every service, and the rest at a link.
FLAT, EACH = 20, 5
# Messages nobody received that are listed.
LETTERS = 20
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
FIELDS = {
    "words": "Words",
    "severity": "Severity",
    "kind": "Kind",
    "service": "Service",
    "team": "Team",
    "mark": "Taken",
    "period": "Period",
    "channel": "Told to",
    "objective": "Objective",
}
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
class Together:
    """Alerts that are listed together: those of a service in a storm, else all of the page (without a title).

    `said` is how many there are of which severity; `more` are not shown, but at `href`.
    """

    rows: tuple[AlertRow, ...]
    title: str = ""
    said: str = ""
    more: int = 0
    href: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen in the filters: values and their titles."""

    severity: tuple[tuple[str, str], ...]
    kind: tuple[tuple[str, str], ...]
    service: tuple[tuple[str, str], ...]
    team: tuple[tuple[str, str], ...]
    mark: tuple[tuple[str, str], ...]
    period: tuple[tuple[str, str], ...]
    channel: tuple[tuple[str, str], ...]

    def title(self, field: str, value: str) -> str:
        """How a value is shown where it can be chosen."""
        known: tuple[tuple[str, str], ...] = getattr(self, field, ())
        return dict(known).get(value, value)


@dataclass(frozen=True, slots=True)
class AlertsPage:
    """`groups` hold the page that is asked for, `past` the latest beside them.

    `dead` are the last of `given_up` messages nobody received.
    """

    asked: Asked
    tabs: tuple[Tab, ...]
    chips: tuple[Chip, ...]
    choices: Choices
    groups: tuple[Together, ...]
    past: tuple[AlertRow, ...]
    more_past: str
    pager: Pager
    dead: tuple[Delivery, ...]
    given_up: int
    waiting: int

    @property
    def is_past(self) -> bool:
        return self.asked.state == "past"

    @property
    def stormy(self) -> bool:
        """Are there so many that those of a service stand together?"""
        return any(group.title for group in self.groups)


def alerts_page(at: datetime, asked: Asked) -> AlertsPage:
    """The alerts the address asks for, and with the open ones the latest past ones."""
    wanted = asked.wanted(at)
    counts = listed.tallies(wanted)
    folds = asked.state != "past" and not asked.service and counts[asked.state] > FLAT
    services = listed.severities_of_services(wanted, asked.state) if folds else {}
    if folds:
        found = listed.folded(wanted, asked.state, EACH)
        total = sum(min(EACH, sum(by.values())) for by in services.values())
    else:
        found, total = listed.listed(wanted, asked.state), counts[asked.state]
    pages = pager(total, asked.page, PER_PAGE, lambda page: replace(asked, page=page).address())
    asked = replace(asked, page=pages.page)
    start = (pages.page - 1) * PER_PAGE
    shown = list(found[start : start + PER_PAGE])
    past = listed.listed(wanted, "past")[:LATEST] if asked.state == "open" and not folds else []
    choices, given_up = _choices(), alerts.dead_count()
    return AlertsPage(
        asked=asked,
        tabs=tuple(_tab(asked, name, counts[name]) for name in STATES),
        chips=tuple(_chips(asked, choices)),
        choices=choices,
        groups=tuple(_together(shown, asked, services)) if folds else (Together(alert_rows(shown)),),
        past=alert_rows(past),
        more_past=replace(asked, state="past", page=1).address() if counts["past"] > LATEST else "",
        pager=pages,
        dead=tuple(alerts.dead_letters(LETTERS)) if given_up else (),
        given_up=given_up,
        waiting=alerts.outbox_depth(),
    )


def _together(
    shown: Sequence[Alert], asked: Asked, counts: Mapping[int | None, Mapping[str, int]]
) -> Iterator[Together]:
    pairs = zip(shown, alert_rows(shown), strict=True)
    for pk, pairs_of in groupby(pairs, lambda pair: pair[0].service_id):
        found, rows = zip(*pairs_of, strict=True)
        service, whole = found[0].service, counts.get(pk, {})
        last = getattr(found[-1], "place", 0)
        name = service.name if service else listed.NO_SERVICE
        said = [formats.plural(whole[severity], severity) for severity in SEVERITIES if severity in whole]
        yield Together(
            rows=rows,
            title=str(service) if service else "Of no service",
            said=formats.listing(said),
            more=sum(whole.values()) - EACH if last == EACH else 0,
            href=replace(asked, service=name, page=1).address(),
        )


def _choices() -> Choices:
    return Choices(
        severity=tuple((name, name) for name in SEVERITIES),
        kind=tuple((str(name), title) for name, title in KINDS.items()),
        service=(*listed.services(), (listed.NO_SERVICE, "of no service")),
        team=tuple((name, name) for name in listed.teams()),
        mark=tuple(MARKS.items()),
        period=tuple((name, title) for name, (title, _) in PERIODS.items()),
        channel=tuple((name, name) for name in listed.channels()),
    )


def _chips(asked: Asked, choices: Choices) -> Iterator[Chip]:
    for field, title in FIELDS.items():
        if value := getattr(asked, field):
            without = replace(asked, page=1, **{field: ""})
            yield Chip(title, choices.title(field, value), without.address())


def _tab(asked: Asked, name: str, count: int) -> Tab:
    return Tab(STATES[name], count, replace(asked, state=name, page=1).address(), asked.state == name)


def _text(parameters: Mapping[str, str], name: str) -> str:
    return parameters.get(name, "").replace("\0", "")[:200]


def _known(value: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    return value if value in known else ""
