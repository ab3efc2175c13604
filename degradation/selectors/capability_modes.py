"""Reads: what capabilities are left."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from degradation.models import Capability, CapabilityChange, CapabilityStanding
from degradation.rules import health as health_rule
from degradation.rules import matrix as matrix_rule
from degradation.rules import modes as modes_rule
from degradation.rules.matrix import Outage
from degradation.rules.modes import Mode
from degradation.selectors.component_health import Health, health


@dataclass(frozen=True, slots=True)
class ModeView:
    """What a capability does for users now. `position` 0 is the full mode.

    `because` names the components that keep a better mode from holding. In the state "unknown" the mode is the one
    that holds if the components of which nothing is known are up; they are named too. `harms`: users do not get what
    they came for.
    """

    capability: Capability
    mode: str
    position: int
    last_resort: bool
    state: modes_rule.State
    message: str
    link: str
    handover: str
    because: tuple[str, ...]
    harms: bool = False


def capabilities(at: datetime, known: Iterable[Health] | None = None) -> list[ModeView]:
    """The mode every capability is in. `known` is the health at `at`, where the caller has asked for it already."""
    return _capabilities(_statuses(at, known))


def standings() -> dict[int, CapabilityStanding]:
    """How each capability stood when it was judged last, by its number."""
    return {row.pk: row for row in CapabilityStanding.objects.select_related("capability__service")}


def capability_changes(item: Capability, limit: int = 20) -> list[CapabilityChange]:
    """The latest changes of a capability's mode, newest first."""
    return list(item.changes.all()[:limit])


def latest_capability_changes(limit: int = 30) -> list[CapabilityChange]:
    """The latest changes of any capability's mode, newest first."""
    return list(CapabilityChange.objects.select_related("capability")[:limit])


def what_if(down: Iterable[str], at: datetime, known: Iterable[Health] | None = None) -> list[ModeView]:
    """The modes if, besides what is down at `at`, these components were too. Names of no component change nothing."""
    statuses = _statuses(at, known)
    return _capabilities({**statuses, **{name: "down" for name in down if name in statuses}})


def matrix(chosen: Iterable[Capability] | None = None) -> list[Outage]:
    """What outages of one and of two components do to capabilities (all by default), where they hurt any."""
    items = Capability.objects.all() if chosen is None else chosen
    return matrix_rule.matrix({item.name: modes(item) for item in items}, telling=True)


def modes(item: Capability) -> list[Mode]:
    """A capability's modes as the rules understand them."""
    return [modes_rule.mode(stored) for stored in item.modes]


def _statuses(at: datetime, known: Iterable[Health] | None) -> dict[str, health_rule.Status]:
    return {item.name: item.status for item in (health(at) if known is None else known)}


def _capabilities(statuses: Mapping[str, health_rule.Status]) -> list[ModeView]:
    return [_mode_view(item, statuses) for item in Capability.objects.select_related("service")]


def _mode_view(item: Capability, statuses: Mapping[str, health_rule.Status]) -> ModeView:
    present = modes_rule.judge(modes(item), statuses)
    stored = item.modes[present.position]
    return ModeView(
        item,
        present.mode.name,
        present.position,
        present.last_resort,
        present.state,
        stored.get("message", ""),
        stored.get("link", ""),
        stored.get("handover", ""),
        present.because,
        present.harms,
    )
