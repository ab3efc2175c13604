"""What applications are told over OFREP: the flags, and whatever else the other parts of this package contribute."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from degradation.models import CapabilityStanding, Flag
from degradation.rules.value import Marks
from degradation.selectors.banner_views import banners
from degradation.selectors.capability_modes import standings
from degradation.selectors.circuit_views import CircuitView, standing_circuits
from degradation.selectors.flag_views import FlagView, flag_view, flags
from slo.maths.windows import iso

# As JSON has them. A number that is not whole goes out as one (1.0), which typed clients insist on.
Value = bool | int | float | str | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Served:
    """A value under a key: `value` for all, or what `marks` say for each targeting key.

    `keyed` values are for a targeting key only. `safe` is answered once nothing has been heard for too long. `state`
    says in a word who or what decides, `cause` why, `since` when that began and `until` when it ends by itself: from
    then on it is `then` that is served. `details` is more for the metadata: flat, texts, numbers and booleans only.
    """

    key: str
    value: Value
    safe: Value
    marks: Marks | None = None
    keyed: bool = False
    variant: str | None = None
    state: str = "auto"
    cause: str = ""
    since: datetime | None = None
    until: datetime | None = None
    then: "Served | None" = None
    details: Mapping[str, str | int | float | bool] = field(default_factory=dict)

    def now(self, at: datetime) -> "Served":
        """What is served under the key at `at`."""
        return self.then if self.then is not None and self.until is not None and self.until <= at else self


@dataclass(frozen=True, slots=True)
class Part:
    """A contribution: `read` gives the whole of it, and is asked again after `every` seconds."""

    name: str
    read: Callable[[datetime], Sequence[Served]]
    every: float = 0.0


def flag_values(at: datetime) -> list[Served]:
    """Every flag, the least important tier first."""
    return [item for view in flags(at) for item in _flag(view)]


def circuit_flags(at: datetime) -> list[Served]:
    """An object `circuit.<component>` for every component: what its clients' circuits are told to do."""
    return [_circuit(view) for view in standing_circuits(at)]


def capability_objects(at: datetime) -> list[Served]:
    """An object `capability.<name>` for every capability, as it was judged last: applications route by it."""
    return [_capability(standing) for standing in standings().values()]


def banner_object(at: datetime) -> list[Served]:
    """The object `banner`: whether one stands, its text, and all of them if there are several, newest first."""
    standing = banners(at)
    shown = [
        {"text": item.text, "since": iso(item.since), "capability": item.capability.name if item.capability else ""}
        for item in standing
    ]
    value = {"shown": bool(shown), "text": standing[0].text if standing else "", "banners": shown}
    safe = {"shown": False, "text": "", "banners": []}
    newest = standing[0] if standing else None
    cause = newest.reason if newest else ""
    return [Served("banner", value, safe, cause=cause, since=newest.since if newest else None)]


# Every part is read by itself: one that breaks leaves the others as they are.
PARTS: tuple[Part, ...] = (
    Part("flags", flag_values),
    Part("circuits", circuit_flags, every=0.5),
    Part("capabilities", capability_objects, every=2.0),
    Part("banner", banner_object),
)


def served(at: datetime) -> list[Served]:
    """Everything applications can ask for."""
    return [item for part in PARTS for item in part.read(at)]


def _flag(view: FlagView) -> list[Served]:
    """The flag, and for a dimmer its share as a number: for whoever can do a little less of something."""
    dimmer = view.flag.kind == Flag.Kind.DIMMER
    return [_value(view), _share(view)] if dimmer else [_value(view)]


def _value(view: FlagView) -> Served:
    item = view.flag
    # What holds once its time is up is known already, so that it holds to the instant.
    then = flag_view(item, view.until) if view.until else None
    return Served(
        key=item.key,
        value=view.value,
        safe=item.safe_value,
        marks=item.marks(),
        keyed=item.kind == Flag.Kind.DIMMER,
        state=view.state,
        cause=view.reason,
        since=view.since,
        until=view.until,
        then=_value(then) if then else None,
        details={"tier": item.tier, "service": item.service.name, "safe": item.safe_value},
    )


def _capability(standing: CapabilityStanding) -> Served:
    item = standing.capability
    # The document may have been changed since it was judged.
    mode: Mapping[str, str] = next((mode for mode in item.modes if mode["name"] == standing.mode), {})
    value = {
        "mode": standing.mode,
        "state": standing.state,
        "harms": standing.harms,
        "message": mode.get("message", ""),
        "link": mode.get("link", ""),
        "handover": mode.get("handover", ""),
        "because": list(standing.because),
        "since": iso(standing.since),
    }
    safe = {**value, "mode": "", "state": "unknown", "message": "", "link": "", "handover": "", "because": []}
    because = ", ".join(standing.because)
    return Served(
        key=f"capability.{item.name}",
        value=value,
        safe=safe,
        state=standing.state,
        cause=f"because of {because}" if because else "",
        since=standing.since,
        details={"service": item.service.name},
    )


def _circuit(view: CircuitView) -> Served:
    key, auto = f"circuit.{view.component.name}", {"state": "auto"}
    if not view.forced:
        return Served(key, auto, auto)
    told = {"state": view.phase.replace(" ", "_"), "reason": view.reason}
    if view.since is not None:
        told["since"] = iso(view.since)
    # Forced states end by themselves, also where nobody hears of it.
    over = Served(key, auto, auto)
    return Served(key, told, auto, state=view.phase, cause=view.reason, since=view.since, until=view.until, then=over)


def _share(view: FlagView) -> Served:
    """From 0.0, when nobody is served normally, to 100.0."""
    then = flag_view(view.flag, view.until) if view.until else None
    return replace(
        _value(view),
        key=f"{view.flag.key}.share",
        value=float(view.share),
        safe=0.0,
        marks=None,
        keyed=False,
        details={"tier": view.flag.tier, "service": view.flag.service.name},
        then=_share(then) if then else None,
    )
