"""What can go wrong while judging and telling."""

from slo.errors import BrownoutError, DefinitionError


class AlreadyAcknowledgedError(BrownoutError):
    """Somebody else acknowledged the alert first; the message says who, when and with which note."""


class AlertOverError(BrownoutError):
    """The alert has ended, so there is nothing left to acknowledge."""


class NotDeadError(BrownoutError):
    """Only a dead delivery can be sent again; the others are on their way or have arrived."""


class ChannelError(BrownoutError):
    """A channel is of an unknown kind or lacks what its kind needs."""


class MatcherError(DefinitionError):
    """A matcher of labels is not written as Alertmanager writes them; the message names the part at fault."""


class RunbookChangedError(BrownoutError):
    """Somebody wrote a newer version meanwhile; nothing was saved, and the message says who did."""


class RunOverError(BrownoutError):
    """The run of a runbook has been finished: nothing can be ticked in it any more."""


class SilenceOverError(BrownoutError):
    """The silence is over, or not in force, so that there is nothing to end."""


class TriedLatelyError(BrownoutError):
    """A channel was tested a moment ago; `seconds` is how long to wait between two tests."""

    def __init__(self, message: str, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(message)


class ReportError(BrownoutError):
    """What a receiver sent cannot be understood; nothing was changed."""


class UnsignedError(BrownoutError):
    """What claims to come from a receiver lacks its signature or token, or has a wrong one; nothing was changed."""
