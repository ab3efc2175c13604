"""Live elements within a runbook: what a text names is shown as it is at the moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from alerts.rules.filling import Embed, Html, fill
from dashboards import formats
from dashboards.presenters import badges
from dashboards.presenters.badges import Badge
from dashboards.presenters.flags import FlagRow, flag_rows
from degradation import selectors as degradation
from degradation.selectors import Health
from slo import selectors
from slo.errors import NotFoundError
from slo.maths.status import HOUR


@dataclass(frozen=True, slots=True)
class Live:
    """One element: its state, and in words what there is to know; `badge` is None for what does not exist."""

    kind: str
    name: str
    title: str
    url: str = ""
    badge: Badge | None = None
    facts: tuple[str, ...] = ()
    flag: FlagRow | None = None
    spot: str = ""
    """Where it stands on the page: the same flag may be named twice."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a filled text: HTML, or a live element."""

    html: SafeString
    live: Live | None = None


class Filler:
    """Fills texts in for one page: each thing is read once, however often it is named."""

    def __init__(self, values: Mapping[str, str], at: datetime) -> None:
        self._values = values
        self._at = at
        self._spots = 0

    def __call__(self, body: str) -> tuple[Piece, ...]:
        return tuple(self._piece(part) for part in fill(body, self._values))

    def _piece(self, part: Html | Embed) -> Piece:
        if isinstance(part, Html):
            return Piece(mark_safe(part.html))  # noqa: S308 (fill sanitises)
        self._spots += 1
        shown = {"objective": self._objective, "flag": self._flag, "circuit": self._circuit}
        return Piece(SafeString(""), shown.get(part.kind, self._capability)(part))

    def _objective(self, part: Embed) -> Live:
        try:
            item = selectors.objective(part.name)
        except NotFoundError:
            return _gone(part)
        [status] = selectors.statuses(self._at, [item])
        facts = (
            f"{formats.percent(status.budget.remaining, 1)} of the budget left",
            f"burning {formats.factor(status.burns.get(HOUR))} over 1h",
        )
        return Live(
            part.kind, part.name, str(item), reverse("objective", args=[item.name]), badges.objective(status), facts
        )

    def _flag(self, part: Embed) -> Live:
        try:
            view = degradation.flag(part.name, self._at)
        except NotFoundError:
            return _gone(part)
        [row] = flag_rows([view])
        facts = tuple(filter(None, (row.reason, f"by {row.by}" if row.by else "")))
        url = f"{reverse('flags')}#flag-{row.key}"
        return Live(part.kind, part.name, row.key, url, row.badge, facts, row, f"live-{self._spots}-{row.key}")

    def _circuit(self, part: Embed) -> Live:
        found = next((item for item in self._health if item.name == part.name), None)
        if found is None:
            return _gone(part)
        held = found.circuit
        until = f" until {formats.instant(held.until)}" if held and held.until else ""
        facts = (
            f"circuit {held.phase}{until}" if held else "",
            held.reason if held else "",
            f"{formats.percent(found.error_ratio)} errors",
            found.because,
        )
        said = tuple(filter(None, facts))
        return Live(
            part.kind,
            part.name,
            found.title,
            reverse("component", args=[found.name]),
            badges.health(found.status),
            said,
        )

    def _capability(self, part: Embed) -> Live:
        found = next((view for view in self._capabilities if view.capability.name == part.name), None)
        if found is None:
            return _gone(part)
        because = f"because of {formats.listing(list(found.because))}" if found.because else ""
        facts = tuple(filter(None, (f"mode {found.mode}", because)))
        title = str(found.capability)
        return Live(part.kind, part.name, title, reverse("capabilities"), badges.mode(found.state), facts)

    @cached_property
    def _health(self) -> list[Health]:
        return degradation.health(self._at)

    @cached_property
    def _capabilities(self) -> list[degradation.ModeView]:
        return degradation.capabilities(self._at, self._health)


def _gone(part: Embed) -> Live:
    noun = "component" if part.kind == "circuit" else part.kind
    return Live(part.kind, part.name, f"There is no {noun} {part.name}")
