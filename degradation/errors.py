"""What can go wrong while reacting. The docstring of an error is what its message means."""

from slo.errors import BrownoutError


class OverrideError(BrownoutError):
    """A flag or circuit cannot be forced or released like this: the reason, the expiry or its state forbids it."""


class ConflictError(BrownoutError):
    """Somebody else changed the same thing a moment ago; nothing was changed by this attempt."""


class ReportedError(BrownoutError):
    """What an application reports cannot be: a count that is none, an instance without a name."""


class DrillError(BrownoutError):
    """A drill cannot begin or end like this: something is shed or burns, or there is nothing to exercise."""


class IncidentError(BrownoutError):
    """An incident cannot be told like this: its words, its capabilities or its state forbid it."""


class SubscriptionError(BrownoutError):
    """Nobody can be told of incidents at such an address."""
