"""What can go wrong while measuring. The docstring of an error is what its message means."""

from collections.abc import Iterable


class BrownoutError(Exception):
    """A sentence for a person: what is wrong, where, and what to do about it."""


class DefinitionError(BrownoutError):
    """A definition (YAML document, expression, policy) cannot be accepted; nothing was changed."""

    def __init__(self, message: str, *, file: str = "", line: int = 0, field: str = "") -> None:
        self.message, self.file, self.line, self.field = message, file, line, field
        place = ":".join(str(part) for part in (file, line or "") if part)
        super().__init__(": ".join(part for part in (place, field, message) if part))


class CatalogError(DefinitionError):
    """Documents cannot be applied as a whole; `errors` holds every reason, in the order of files and lines."""

    def __init__(self, errors: Iterable[DefinitionError]) -> None:
        self.errors = tuple(sorted(errors, key=lambda error: (error.file, error.line)))
        super().__init__("\n".join(str(error) for error in self.errors))


class ExpressionError(DefinitionError):
    """A structure expression is not of the language: names, all(…), any(…), at_least(k, …)."""


class DurationError(DefinitionError):
    """A duration is not written as whole numbers with units, such as 5m, 1h30m, 30d."""


class PolicyError(DefinitionError):
    """A burn policy could never do what it says, such as a factor no error ratio can reach."""


class TooLargeError(BrownoutError):
    """A structure is too large to be computed exactly."""


class RecurrenceError(DefinitionError):
    """An RRULE is not understood, never happens, or recurs faster than days."""


class SourceError(BrownoutError):
    """A source as a whole did not answer (unreachable, refused, too slow): a gap, to be asked again."""


class QueryError(BrownoutError):
    """One expression is at fault; the other objectives of the source are not concerned."""


class StaleWatermarkError(BrownoutError):
    """Another worker has moved the objective's watermark; the append was dropped whole."""


class BackfillError(BrownoutError):
    """History cannot be filled in as asked; nothing was changed."""


class ReplayError(DefinitionError):
    """A replay cannot be done as asked: nothing to replay, or too much."""


class DuplicateKeyError(BrownoutError):
    """A key that makes sending twice safe was used for something else."""


class DeclaredError(BrownoutError):
    """It is declared in a document, which would bring it back: change it there."""


class ChangedMeanwhileError(BrownoutError):
    """Somebody else was faster: what is there is not what the person had before their eyes."""


class RepeatedKeyError(BrownoutError):
    """A key that is to make repetitions safe came before with something else; nothing was accepted."""


class ReportError(DefinitionError):
    """A report cannot be made as asked: no such period, or one that has not begun."""


class NotFoundError(BrownoutError):
    """No such thing by that name."""
