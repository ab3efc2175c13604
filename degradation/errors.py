"""What can go wrong while reacting. The docstring of an error is what its message means."""

from slo.errors import BrownoutError


class OverrideError(BrownoutError):
    """A flag or circuit cannot be forced or released like this: the reason, the expiry or its state forbids it."""


class ConflictError(BrownoutError):
    """Somebody else changed the same thing a moment ago; nothing was changed by this attempt."""
