"""The first page: verdict, reason, next step."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from alerts import selectors as alerts
from dashboards import formats
from dashboards.presenters import badges
from dashboards.presenters.alert_rows import AlertRow, alert_rows
from dashboards.presenters.badges import Badge, Tone
from dashboards.presenters.banners import BannerRow, banner_rows
from dashboards.presenters.components import ComponentRow, component_rows
from dashboards.presenters.flags import FlagRow, flag_rows
from dashboards.presenters.rows import ObjectiveRow, by_least_budget, objective_rows
from dashboards.presenters.steps import StepRow, step_rows
from degradation import selectors as degradation
from degradation.selectors import FlagView, ModeView
from slo import selectors, selectors_listed
from slo.maths.status import State, Status
from slo.models import Objective
from slo.selectors_listed import Listed

# More than these are for the list: those in trouble come first, then those with the least budget.
SHOWN = 25
STEPS_LENGTH = 12
Judged = Mapping[int, tuple[Objective, Status]]
# In a storm the first page names the most urgent alerts; all of them are on theirs.
FIRING_LENGTH = 12


class Standing(Protocol):
    """What a verdict asks of an objective."""

    @property
    def state(self) -> State: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of everything in one sentence, with its tone."""

    sentence: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class CapabilityTile:
    name: str
    title: str
    badge: Badge
    mode: str
    because: str


@dataclass(frozen=True, slots=True)
class Overview:
    verdict: Verdict
    banners: tuple[BannerRow, ...]
    capabilities: tuple[CapabilityTile, ...]
    firing: tuple[AlertRow, ...]
    more_firing: int
    shed: tuple[FlagRow, ...]
    steps: tuple[StepRow, ...]
    more_steps: int
    objectives: tuple[ObjectiveRow, ...]
    objectives_total: int
    components: tuple[ComponentRow, ...]
    components_total: int


def overview(at: datetime) -> Overview:
    """Everything the first page shows at `at`."""
    everything = selectors_listed.listed(at)
    health = degradation.health(at)
    modes = degradation.capabilities(at, health)
    flags = degradation.flags(at)
    components = component_rows(health)
    titles = {row.name: row.title for row in components}
    urgent = sorted(everything, key=_urgency)[:SHOWN]
    strict = sorted((item for item in everything if item.step), key=_strictness)
    judged = _judged(at, [*urgent, *strict[:STEPS_LENGTH]])
    return Overview(
        verdict=verdict(everything, modes, flags),
        banners=banner_rows(at),
        capabilities=tuple(_tile(view, titles) for view in modes),
        firing=alert_rows(alerts.most_urgent(FIRING_LENGTH)),
        more_firing=max(0, alerts.firing_count() - FIRING_LENGTH),
        shed=flag_rows(view for view in flags if view.state != "auto"),
        steps=step_rows(*_pick(judged, strict[:STEPS_LENGTH])),
        more_steps=max(0, len(strict) - STEPS_LENGTH),
        objectives=tuple(sorted(objective_rows(at, *_pick(judged, urgent)), key=by_least_budget)),
        objectives_total=len(everything),
        components=_telling(components),
        components_total=len(components),
    )


_TROUBLE = ("burning", "critical", "exhausted")


def _urgency(item: Listed) -> tuple[bool, bool, float, str]:
    return item.state not in _TROUBLE, item.remaining is None, item.remaining or 0.0, item.name


def _strictness(item: Listed) -> tuple[int, float, str]:
    return badges.step(item.step).rank, item.remaining or 0.0, item.name


def _judged(at: datetime, wanted: Iterable[Listed]) -> Judged:
    chosen = list(selectors.objectives().filter(pk__in={item.pk for item in wanted}))
    return {item.pk: (item, status) for item, status in zip(chosen, selectors.statuses(at, chosen), strict=True)}


def _pick(judged: Judged, wanted: Iterable[Listed]) -> tuple[list[Objective], list[Status]]:
    pairs = [judged[item.pk] for item in wanted if item.pk in judged]
    return [item for item, _ in pairs], [status for _, status in pairs]


def _telling(components: Sequence[ComponentRow]) -> tuple[ComponentRow, ...]:
    """All components, or of many those that are not well and then the most critical."""
    if len(components) <= SHOWN:
        return tuple(components)
    urgent = sorted(components, key=lambda row: (row.badge.tone in ("ok", "none"), row.badge.rank, row.tier))
    return tuple(urgent[:SHOWN])


def verdict(statuses: Sequence[Standing], modes: Sequence[ModeView], flags: Sequence[FlagView]) -> Verdict:
    """One sentence: what burns, what is degraded, what is switched off."""
    if not statuses:
        return Verdict("Nothing is watched yet", "none")
    parts = [*_objectives_part(statuses), *_capabilities_part(modes), *_flags_part(flags)]
    sentence = "; ".join(parts)
    return Verdict(sentence[0].upper() + sentence[1:], _tone(statuses, modes))


def _objectives_part(statuses: Sequence[Standing]) -> list[str]:
    total = len(statuses)
    burning = sum(status.state in ("burning", "critical") for status in statuses)
    exhausted = sum(status.state == "exhausted" for status in statuses)
    silent = sum(status.state == "no data" for status in statuses)
    if not burning + exhausted + silent:
        return [f"all {total} objectives healthy" if total > 1 else "the objective is healthy"]
    counts = ((burning, "burning"), (exhausted, "exhausted"), (silent, "without data"))
    first, *others = [(number, word) for number, word in counts if number]
    return [f"{first[0]} of {formats.plural(total, 'objective')} {first[1]}", *(f"{n} {word}" for n, word in others)]


def _capabilities_part(modes: Sequence[ModeView]) -> list[str]:
    hurt = [view for view in modes if view.state in ("degraded", "last resort")]
    if len(hurt) > 2:
        return [f"{len(hurt)} of {len(modes)} capabilities degraded"]
    words = {"degraded": "degraded", "last resort": "on its last resort"}
    return [f"{_in_a_sentence(str(view.capability))} {words[view.state]}" for view in hurt]


def _in_a_sentence(title: str) -> str:
    """Without its capital, unless it is an abbreviation such as FAQ."""
    return title if title[:2].isupper() else title[:1].lower() + title[1:]


def _flags_part(flags: Sequence[FlagView]) -> list[str]:
    shed = sum(view.state == "shed" for view in flags)
    back = sum(view.state == "ramping" for view in flags)
    forced = sum(view.state.startswith("forced") for view in flags)
    counts = ((shed, "shed"), (back, "coming back"), (forced, "forced by hand"))
    return [f"{formats.plural(number, 'flag')} {word}" for number, word in counts if number]


def _tone(statuses: Sequence[Standing], modes: Sequence[ModeView]) -> Tone:
    states = {status.state for status in statuses} | {view.state for view in modes}
    if states & {"critical", "exhausted", "last resort"}:
        return "bad"
    if states & {"burning", "degraded"}:
        return "warn"
    return "none" if "no data" in states else "ok"


def _tile(view: ModeView, titles: Mapping[str, str]) -> CapabilityTile:
    return CapabilityTile(
        name=view.capability.name,
        title=str(view.capability),
        badge=badges.mode(view.state),
        mode=view.mode,
        because=formats.listing([titles.get(name, name) for name in view.because]),
    )
