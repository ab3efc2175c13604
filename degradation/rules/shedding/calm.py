"""What speaks for shedding and what against bringing anything back."""

from collections.abc import Iterable

from degradation.rules.shedding.policy import Policy
from degradation.rules.shedding.signals import Burn, Effect, Signals
from degradation.rules.shedding.state import Entry, State


def doubt(burn: Burn, signals: Signals, policy: Policy) -> str | None:
    """Why a burning page is not enough to shed for; None when it is."""
    if burn.events < policy.min_events:
        return f"{burn.events:g} events are too few to act on (from {policy.min_events:g})"
    if burn.factor < policy.certain(burn.days) and not signals.troubled:
        return f"no component is in trouble, which a page from {burn.factor:g}× needs beside it"
    return None


def restless(signals: Signals, state: State, policy: Policy) -> str | None:
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


def helped(effect: Effect | None, policy: Policy) -> bool | None:
    """Did a step help? None where there is too little to tell by."""
    if effect is None or effect.before is None or effect.after is None or effect.before <= 0:
        return None
    if effect.events < policy.min_events:
        return None
    return effect.after <= effect.before * (1 - policy.effect_least)


def worst(burns: Iterable[Burn]) -> Burn:
    return max(burns, key=lambda burn: (burn.factor, burn.burn_long or 0, burn.objective))


def _windows(entry: Entry, burns: Iterable[Burn]) -> list[Burn]:
    """The window that made the loop shed; all page windows of the objective if its burn policy has changed since."""
    own = [burn for burn in burns if burn.objective == entry.objective]
    same = [burn for burn in own if (burn.long, burn.short, burn.factor) == (entry.long, entry.short, entry.factor)]
    return same or own
