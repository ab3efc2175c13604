"""When to shed the next tier of a service's flags and when to bring one back, without flapping.

Starting values and their reasons: FACTS, "Shedding without flapping". Instants are whole seconds since the epoch.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from slo.maths.windows import format_duration, from_epoch

# Tier 1 is critical: only people dim it. NOTHING is one past the least important tier.
FIRST, NOTHING = 2, 5
# Evaluations further apart than this were not "in a row": something stood still between them.
INTERRUPTION = 600


@dataclass(frozen=True, slots=True)
class Policy:
    """How carefully to shed. Durations in seconds; the defaults are meant to be kept until there is a reason."""

    # Enter: so many events in the long window, and so many evaluations in a row above the factor …
    min_events: int = 100
    evaluations: int = 2
    # … and a component of the service in trouble, unless the factor is at least this.
    certain_factor: float = 14.4
    # Exit: the short window burns below this and the long one below this share of the entry factor, for so long.
    exit_short: float = 1.0
    exit_share: float = 0.5
    exit_for: int = 600
    # At least so long between a step and one in the other direction, and between two in the same.
    dwell: int = 600
    step: int = 300
    # So many changes of direction within the span double the dwell, up to the cap.
    flap_toggles: int = 3
    flap_span: int = 3_600
    dwell_cap: int = 14_400


@dataclass(frozen=True, slots=True)
class Burn:
    """How fast an objective burns over the two windows of a page, and the alert that fires for it, if one does.

    Burn rates are None without data, and 0 where it was seen that nothing happened.
    """

    objective: str
    long: int
    short: int
    factor: float
    burn_long: float | None
    burn_short: float | None
    events: float
    alert: int | None = None

    @property
    def hot(self) -> bool:
        """Is it a page that burns at its factor or faster, in both windows?"""
        if self.alert is None or self.burn_long is None or self.burn_short is None:
            return False
        return self.burn_long >= self.factor and self.burn_short >= self.factor

    def __str__(self) -> str:
        long, short = format_duration(self.long), format_duration(self.short)
        return f"{self.objective} burns {_times(self.burn_long)} over {long} and {_times(self.burn_short)} over {short}"


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of a service now: its page windows, which components are in trouble, and the tiers of its flags."""

    burns: tuple[Burn, ...] = ()
    troubled: tuple[str, ...] = ()
    tiers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """The window of an objective that made the loop shed: what has to calm down before anything comes back."""

    objective: str
    long: int
    short: int
    factor: float


@dataclass(frozen=True, slots=True)
class State:
    """Where the loop stands. Flags of tier `level` and above are shed; NOTHING means none are."""

    level: int = NOTHING
    entries: tuple[Entry, ...] = ()
    hot: int = 0
    quiet_since: int | None = None
    direction: Literal["", "shed", "restore"] = ""
    stepped_at: int | None = None
    toggles: tuple[int, ...] = ()
    doublings: int = 0
    evaluated_at: int | None = None

    @property
    def idle(self) -> bool:
        """Nothing is shed and nothing builds up: the passing of time changes nothing."""
        return self.level == NOTHING and self.hot == 0

    def sheds(self, tier: int) -> bool:
        """Are flags of this tier shed? Those of tier 1 never are."""
        return tier >= max(FIRST, self.level)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "State":
        """The state out of `as_json`; a fresh one out of nothing."""
        entries = tuple(Entry(**entry) for entry in stored.get("entries", ()))
        return cls(**{**stored, "entries": entries, "toggles": tuple(stored.get("toggles", ()))})


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do now, why, and the state to keep. `tier` is the one to shed or bring back, `cause` what burns."""

    action: Literal["hold", "shed", "restore"]
    state: State
    reason: str
    tier: int | None = None
    cause: Burn | None = field(default=None)


def decide(signals: Signals, state: State, policy: Policy, now: int) -> Decision:
    """At most one step, and never one that the policy forbids."""
    if state.evaluated_at is not None and now <= state.evaluated_at:
        return Decision("hold", state, "this instant was judged already")
    state = _observe(signals, state, policy, now)
    enterable = [burn for burn in signals.burns if _doubt(burn, signals, policy) is None and burn.hot]
    if enterable:
        return _enter(_worst(enterable), signals, state, policy, now)
    hot = [burn for burn in signals.burns if burn.hot]
    if hot:
        worst = _worst(hot)
        return Decision("hold", state, f"{worst}, but {_doubt(worst, signals, policy)}")
    if state.level == NOTHING:
        return Decision("hold", state, "nothing burns fast enough to shed for")
    return _exit(signals, state, policy, now)


def released(state: State, policy: Policy, now: int) -> State:
    """The state after a person restored everything: a step like any other, so the dwell holds before the next."""
    if state.level == NOTHING:
        return replace(state, hot=0)
    stepped = _step(state, policy, "restore", NOTHING, now)
    return replace(stepped, hot=0, evaluated_at=max(now, state.evaluated_at or now))


def _observe(signals: Signals, state: State, policy: Policy, now: int) -> State:
    """Count how long it has been hot or quiet. After an interruption, or without data, counting starts again."""
    interrupted = state.evaluated_at is not None and now - state.evaluated_at > INTERRUPTION
    level = min((tier for tier in signals.tiers if tier >= state.level), default=NOTHING)
    known = {burn.objective for burn in signals.burns}
    entries = tuple(entry for entry in state.entries if entry.objective in known) if level < NOTHING else ()
    state = replace(state, level=level, entries=entries, evaluated_at=now)
    enterable = any(burn.hot and _doubt(burn, signals, policy) is None for burn in signals.burns)
    hot = 1 + (0 if interrupted else state.hot) if enterable else 0
    quiet = level < NOTHING and _restless(signals, state, policy) is None
    since = state.quiet_since if state.quiet_since is not None and not interrupted else now
    return replace(state, hot=min(hot, policy.evaluations), quiet_since=since if quiet else None)


def _enter(cause: Burn, signals: Signals, state: State, policy: Policy, now: int) -> Decision:
    tier = max((tier for tier in signals.tiers if FIRST <= tier < state.level), default=None)
    if state.hot < policy.evaluations:
        return Decision("hold", state, f"{cause}: seen {state.hot} of {policy.evaluations} times in a row")
    if tier is None:
        shed = "everything that may be shed is" if state.level < NOTHING else "there is nothing that may be shed"
        return Decision("hold", state, f"{cause}, and {shed}")
    ready = _ready(state, policy, "shed")
    if now < ready:
        return Decision("hold", state, f"{cause}: the next step comes at {_clock(ready)} at the earliest")
    stepped = _step(state, policy, "shed", tier, now)
    entry = Entry(cause.objective, cause.long, cause.short, cause.factor)
    if all(known.objective != entry.objective for known in state.entries):
        stepped = replace(stepped, entries=(*state.entries, entry))
    return Decision("shed", stepped, f"{cause}, page from {cause.factor:g}×{_doubled(state, stepped)}", tier, cause)


def _exit(signals: Signals, state: State, policy: Policy, now: int) -> Decision:
    restless = _restless(signals, state, policy)
    if restless is not None or state.quiet_since is None:
        return Decision("hold", state, f"holding what is shed: {restless}")
    ready = max(_ready(state, policy, "restore"), state.quiet_since + policy.exit_for)
    if now < ready:
        return Decision(
            "hold", state, f"calm since {_clock(state.quiet_since)}; the next tier returns at {_clock(ready)}"
        )
    tier = state.level
    after = min((other for other in signals.tiers if other > tier), default=NOTHING)
    stepped = _step(state, policy, "restore", after, now)
    reason = f"calm for {format_duration(now - state.quiet_since)}{_doubled(state, stepped)}"
    return Decision("restore", stepped, reason, tier)


def _step(state: State, policy: Policy, direction: Literal["shed", "restore"], level: int, now: int) -> State:
    """The state after a step; a change of direction is remembered, and too many of them double the dwell."""
    toggles, doublings = state.toggles, state.doublings
    if direction != state.direction:
        toggles = (*(at for at in toggles if at > now - policy.flap_span), now)
        doublings = doublings + 1 if len(toggles) >= policy.flap_toggles else 0
    return replace(
        state,
        level=level,
        entries=state.entries if level < NOTHING else (),
        quiet_since=state.quiet_since if level < NOTHING else None,
        direction=direction,
        stepped_at=now,
        toggles=toggles,
        doublings=doublings,
    )


def _ready(state: State, policy: Policy, direction: Literal["shed", "restore"]) -> int:
    """The earliest instant of a step in that direction."""
    if state.stepped_at is None:
        return 0
    return state.stepped_at + (policy.step if direction == state.direction else _dwell(state, policy))


def _dwell(state: State, policy: Policy) -> int:
    # 32 doublings of a second are more than a century: no cap is higher.
    return max(policy.dwell, min(policy.dwell_cap, policy.dwell << min(state.doublings, 32)))


def _doubt(burn: Burn, signals: Signals, policy: Policy) -> str | None:
    """Why a burning page is not enough to shed for; None when it is."""
    if burn.events < policy.min_events:
        return f"{burn.events:g} events are too few to act on (from {policy.min_events:g})"
    if burn.factor < policy.certain_factor and not signals.troubled:
        return f"no component is in trouble, which a page from {burn.factor:g}× needs beside it"
    return None


def _restless(signals: Signals, state: State, policy: Policy) -> str | None:
    """What speaks against bringing anything back; None when all that made the loop shed has calmed down."""
    hot = next((burn for burn in signals.burns if burn.hot), None)
    if hot is not None:
        return str(hot)
    for entry in state.entries:
        for burn in _windows(entry, signals.burns):
            if burn.burn_long is None or burn.burn_short is None:
                return f"there is no data of {burn.objective}"
            if burn.burn_short >= policy.exit_short or burn.burn_long >= policy.exit_share * burn.factor:
                return f"{burn}, which is not calm yet"
    return None


def _windows(entry: Entry, burns: Iterable[Burn]) -> list[Burn]:
    """The window that made the loop shed; all page windows of the objective if its burn policy has changed since."""
    own = [burn for burn in burns if burn.objective == entry.objective]
    same = [burn for burn in own if (burn.long, burn.short, burn.factor) == (entry.long, entry.short, entry.factor)]
    return same or own


def _worst(burns: Iterable[Burn]) -> Burn:
    return max(burns, key=lambda burn: (burn.factor, burn.burn_long or 0, burn.objective))


def _doubled(before: State, after: State) -> str:
    return "; too many changes of direction, so the dwell is doubled" if after.doublings > before.doublings else ""


def _times(burn: float | None) -> str:
    return "an unknown rate" if burn is None else f"{burn:.3g}×"


def _clock(instant: int) -> str:
    return f"{from_epoch(instant):%H:%M:%S} UTC"
