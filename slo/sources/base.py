"""The port to wherever events are counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from slo.maths.slices import Slices
from slo.maths.values import Value


@dataclass(frozen=True, slots=True)
class Post:
    """Counts that were sent to us, as of the instant `at`, and that nothing is missing for `vouched` seconds before.

    Numbers grow in the order of arrival.
    """

    number: int
    at: int
    vouched: int
    good: float
    total: float


@dataclass(frozen=True, slots=True)
class Query:
    """What one objective asks of a source.

    Exactly one of `good` and `bad` is set. With `counter`, the expressions are bare selectors of counters and
    are counted exactly; otherwise each is a query that gives the events of one tick. Sources without queries are asked
    by `terms`, the check of a probe or the terms of pushed events, which have come as `posts`. `cursor` is what the
    source handed out with the last reading of this objective. A `suspect` could not be read the last time. A `value`
    is a number at each instant instead of events; its samples are seconds. `slices` are no matter of the source.
    """

    objective: int
    total: str = ""
    good: str = ""
    bad: str = ""
    counter: bool = True
    cursor: Mapping[str, Any] = field(default_factory=dict)
    suspect: bool = False
    value: Value | None = None
    slices: Slices | None = None
    terms: Mapping[str, Any] = field(default_factory=dict)
    posts: Sequence[Post] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """Events counted since the instant before (`at` − tick), and the seconds of it that were observed.

    Nothing observed means no data: good and total are 0 then, and mean nothing. `good` may be an event or two
    below zero where a bad counter is read a moment after the total it belongs to; the next sample makes up for it.
    """

    at: int
    good: float
    total: float
    observed: float


@dataclass(frozen=True, slots=True)
class Reading:
    """The answer for one objective: its samples in order, where to go on from, or what is wrong with it.

    A `problem` with samples is a doubt; without samples, the objective could not be read.
    """

    objective: int
    samples: tuple[Sample, ...] = ()
    cursor: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


@runtime_checkable
class Labelled(Protocol):
    """A source that can tell which labels there are."""

    def label_sets(self, selector: str, labels: Sequence[str], at: int) -> list[dict[str, str]]:
        """The sets of values that these labels have at `at` among the series of a bare selector.

        A label that a series lacks has the empty value. Raises BrownoutError when the source cannot tell.
        """
        ...


@runtime_checkable
class Surveyed(Protocol):
    """A source that tells much of the past in a few requests, roughly."""

    def survey(self, query: Query, start: int, end: int, step: int) -> Reading:
        """Samples `step` seconds apart after `start` up to `end`, near to what `collect` would count.

        What is counted between a step's start and a restart within it is missing. Raises SourceError.
        """
        ...


class Source(Protocol):
    """Asks one place for the events of many objectives at once. Talks to the network, never to the database."""

    replays: bool
    """Can it be asked about the past? Then a gap is filled after an outage, and the tail is asked again."""

    def collect(self, queries: Sequence[Query], start: int, end: int, tick: int) -> list[Reading]:
        """Samples for the instants after `start` up to `end`, `tick` seconds apart, one reading a query.

        `start` and `end` are multiples of `tick`. A source that knows only the present gives one sample at `end`.
        A query at fault gets a problem in its reading; SourceError is for a source that does not answer at all.
        """
        ...
