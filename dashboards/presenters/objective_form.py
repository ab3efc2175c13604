"""An objective that is being written: a form and a YAML text, two views of one document."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alerts.models import Runbook
from alerts.services.preview import BAR, Preview
from dashboards import formats
from dashboards.objective_document import KINDS, NAMES, Fields, Problem, problems, read, write
from dashboards.sparkline import Sparkline, sparkline
from slo.errors import CatalogError, DefinitionError
from slo.maths.burn import BurnWindow, burn_rate, default_windows
from slo.maths.ledger import Window
from slo.maths.windows import format_duration, from_epoch, to_epoch
from slo.models import BurnPolicy, Component, Edit, Objective, Service, Source
from slo.openslo import dump
from slo.openslo.nodes import parse
from slo.services import edits
from slo.services.catalog import definition

LONGEST_TEXT, LONGEST_FIELD = 100_000, 5_000
PERIODS = (
    ("7d", "7 days, rolling"),
    ("14d", "14 days, rolling"),
    ("28d", "28 days, rolling"),
    ("30d", "30 days, rolling"),
    ("90d", "90 days, rolling"),
    ("calendar 1w", "each week"),
    ("calendar 1M", "each month"),
    ("calendar 1Q", "each quarter"),
    ("calendar 1Y", "each year"),
)
PERIOD_DAYS = {"7d": 7, "14d": 14, "28d": 28, "90d": 90, "calendar 1w": 7, "calendar 1Q": 91, "calendar 1Y": 365}
# The value that stands for a service that is made with the objective.
MAKE = "+"
# The order of the form.
_ORDER = ("name", "title", "target", "period", "zone", "source", "kind", "total", "side", "part")
METHODS = (
    ("Occurrences", "events"),
    ("Timeslices", "time slices that reach a target"),
    ("RatioTimeslices", "the mean of time slices"),
)
EMPTY: Fields = dict.fromkeys(NAMES, "") | {
    "kind": "counters",
    "side": "bad",
    "target": "99.9",
    "period": "30d",
    "method": "Occurrences",
}


@dataclass(slots=True)
class Sheet:
    """The state of the form: its fields, the YAML beside it, and what is wrong with either.

    `base` is the YAML that the fields were last in step with: when the text differs from it, the text was edited.
    """

    fields: Fields
    yaml: str
    base: str
    item: Objective | None = None
    wrong: list[Problem] = field(default_factory=list)
    by_hand: bool = False
    # The service that is made with the objective.
    making: str = ""
    # It was to be saved: what is still empty counts as wrong.
    strict: bool = False

    @property
    def first(self) -> str:
        """Where to begin putting things right once saving was refused: a field of the form, or `yaml`."""
        if not self.strict or not self.wrong:
            return ""
        return "yaml" if self.by_hand else next((name for name in (*_ORDER, *NAMES) if name in self.errors), "")

    @property
    def said(self) -> dict[str, str]:
        """What is told beside the fields: while one writes, nothing of those that are still empty."""
        if self.by_hand:
            return {}
        return {name: text for name, text in self.errors.items() if self.strict or self.fields.get(name)}

    @property
    def errors(self) -> dict[str, str]:
        """What is wrong, by field of the form."""
        found: dict[str, str] = {}
        for problem in self.wrong:
            found[problem.field] = f"{found[problem.field]}; {problem.text}" if problem.field in found else problem.text
        return found

    @property
    def others(self) -> list[Problem]:
        """What is wrong at no field of the form, or cannot be shown there while the YAML is written by hand."""
        return self.wrong if self.by_hand else [problem for problem in self.wrong if not problem.field]


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen in the form: pairs of value and words."""

    services: list[tuple[str, str]]
    components: list[tuple[str, str]]
    sources: list[tuple[str, str]]
    runbooks: list[tuple[str, str]]
    policies: list[tuple[str, str]]
    windows: list[tuple[str, str]]
    periods: list[tuple[str, str]]
    kinds: tuple[tuple[str, str], ...] = KINDS
    methods: tuple[tuple[str, str], ...] = METHODS


@dataclass(frozen=True, slots=True)
class Told:
    """An alert that would have been: `mark` is its place in a drawing 1000 wide (left, width)."""

    severity: str
    start: datetime
    end: datetime | None
    lasted: float
    spent: float | None
    mark: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Outlook:
    """A preview as it is shown; `drawn` says what the drawing does."""

    preview: Preview
    drawing: Sparkline | None
    told: list[Told]
    sentence: str
    drawn: str
    since: datetime
    until: datetime
    days: list[Window]


def of(item: Objective) -> Sheet:
    """The form of an objective as it is."""
    text = definition(item)
    return Sheet(read(_plain(text)), text, text, item)


def blank(given: Mapping[str, str]) -> Sheet:
    """An empty form; `given` may name a service or a component, as links do."""
    fields = EMPTY | {name: given[name][:200] for name in ("service", "component") if given.get(name)}
    for name, rows in (("service", Service.objects.all()), ("source", Source.objects.all())):
        only = [row.name for row in rows[:2]]
        fields[name] = fields[name] or (only[0] if len(only) == 1 else "")
    text = dump.dump(write({}, fields))
    return Sheet(fields, text, text)


def settle(posted: Mapping[str, str], at: datetime, name: str = "") -> Sheet:
    """What was sent, settled: the YAML wins where it was edited, else it follows the fields.

    With `do=form` the fields win whatever the YAML says. `name` is that of the objective that is edited.
    """
    sent = {key: _line(posted.get(key, "")) for key in NAMES} | ({"name": name} if name else {})
    new = _line(posted.get("new_service", ""))
    if sent["service"] == MAKE:
        sent["service"] = new
    text, base = (_lines(posted.get(key, "")) for key in ("yaml", "base"))
    if text.strip() != base.strip() and posted.get("do") != "form":
        return _by_hand(sent, text, base, at, name, new)
    document = write(_plain(base), sent)
    sheet = Sheet(sent, dump.dump(document), "", making=_making(sent["service"], new))
    _judge(sheet, at, name)
    if sheet.item is not None:
        sheet.yaml = definition(sheet.item)
    sheet.base = sheet.yaml
    return sheet


def _making(service: str, new: str) -> str:
    """The service to make: the one that is wanted, unless it is there already."""
    return new if new and service == new and not Service.objects.filter(name=new).exists() else ""


def _by_hand(sent: Fields, text: str, base: str, at: datetime, name: str, new: str) -> Sheet:
    document = _plain(text)
    wanted = read(document)["service"] if isinstance(document, dict) else ""
    sheet = Sheet(sent, text, base, by_hand=True, making=_making(wanted, new))
    _judge(sheet, at, name)
    document = _plain(definition(sheet.item)) if sheet.item else _plain(text)
    if isinstance(document, dict):
        sheet.fields = read(document) | ({"name": name} if name else {})
        sheet.base = text
    return sheet


def _judge(sheet: Sheet, at: datetime, name: str) -> None:
    if len(sheet.yaml) > LONGEST_TEXT:
        sheet.wrong = [Problem("", 0, f"the YAML is longer than {LONGEST_TEXT:,} characters")]
        return
    try:
        sheet.item = edits.draft(sheet.yaml, at, name, service=sheet.making)
        if not name and sheet.item.name == "new":
            sheet.wrong = [Problem("name", 0, "this word stands for what is not there yet; choose another name")]
        elif not name and Objective.objects.filter(name=sheet.item.name).exists():
            sheet.wrong = [Problem("name", 0, f"there is an objective {sheet.item.name} already; choose another name")]
    except CatalogError as error:
        sheet.wrong = problems(error.errors)
    except DefinitionError as error:
        sheet.wrong = problems([error])


def _line(text: str) -> str:
    return _lines(text)[:LONGEST_FIELD].strip().replace("\0", "")


def _lines(text: str) -> str:
    # Browsers send carriage returns; documents have none.
    return text.replace("\r\n", "\n")


def _plain(text: str) -> Any:
    """The first document of a text as plain data; None where there is none."""
    content = parse(text[:LONGEST_TEXT], "")
    return content.trees[0].value if content.trees and content.whole else None


def choices(fields: Fields, making: str = "") -> Choices:
    """What can be chosen, with what the document says already even where there is no such thing."""
    return Choices(
        services=_with(_named(Service), "" if making else fields["service"]),
        components=_with(_named(Component), fields["component"]),
        sources=_with([(s.name, f"{s} ({s.kind})") for s in Source.objects.all()], fields["source"]),
        runbooks=_with([(r.name, r.title) for r in Runbook.objects.order_by("title")], fields["runbook"]),
        policies=_with([(p.name, p.name) for p in BurnPolicy.objects.all()], fields["policy"]),
        windows=_windows(fields),
        periods=_with(list(PERIODS), fields["period"]),
    )


def _windows(fields: Fields) -> list[tuple[str, str]]:
    """What each choice of burn windows means, in words."""
    period = PERIOD_DAYS.get(fields["period"], 30) * 86_400
    found = [("the SRE Workbook's windows", default_windows(period))]
    found += [(row.name, tuple(BurnWindow(**window) for window in row.windows)) for row in BurnPolicy.objects.all()]
    return [(name, formats.listing([_window(window) for window in windows])) for name, windows in found]


def _window(window: BurnWindow) -> str:
    long, short = format_duration(window.long), format_duration(window.short)
    return f"a {window.severity} at {formats.factor(window.factor)} over {long} and {short}"


def _named(model: type[Service] | type[Component]) -> list[tuple[str, str]]:
    return [(row.name, str(row)) for row in model._default_manager.order_by("name")]


def _with(known: list[tuple[str, str]], value: str) -> list[tuple[str, str]]:
    return known if not value or value in dict(known) else [*known, (value, value)]


def changes(name: str) -> list[Edit]:
    """What was done to an objective on pages."""
    return edits.history("SLO", name)


def outlook(found: Preview) -> Outlook:
    """A preview with its drawing and its sentence."""
    target = found.item.target
    burns = [burn_rate(window.ratio, target) if window.known else None for window in found.bars]
    start, end = found.survey.start, found.survey.end
    told = [
        Told(a.severity, a.start, a.end, _lasted(a.start, a.end, end), a.spent, _mark(a.start, a.end, start, end))
        for a in found.alerts
    ]
    said, drawn = _sentence(found), _worst(burns)
    drawing = sparkline(burns, f"{drawn} {said}", step=5, height=48) if found.bars else None
    return Outlook(found, drawing, told, said, drawn, from_epoch(start), from_epoch(end), list(found.days)[::-1])


def _lasted(start: datetime, end: datetime | None, last: int) -> float:
    return ((end or from_epoch(last)) - start).total_seconds()


def _mark(start: datetime, end: datetime | None, first: int, last: int) -> tuple[float, float]:
    scale = 1000 / (last - first)
    left = (to_epoch(start) - first) * scale
    return round(left, 1), round(max(4.0, _lasted(start, end, last) * scale), 1)


def _worst(burns: list[float | None]) -> str:
    worst = max((burn for burn in burns if burn is not None), default=None)
    return f"Burn rate, {formats.duration(BAR)} a bar: at most {formats.factor(worst)}."


def _sentence(found: Preview) -> str:
    """Pages and tickets in words."""
    counts = {s: sum(alert.severity == s for alert in found.alerts) for s in ("page", "ticket")}
    if not any(counts.values()):
        return "Nobody would have been told."
    told = formats.listing([formats.plural(number, severity) for severity, number in counts.items() if number])
    return f"There would have been {told}."
