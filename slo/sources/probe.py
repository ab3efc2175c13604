"""Looks at dependencies from outside: checks that Brownout runs itself, each attempt one event."""

import ssl
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from slo.errors import SourceError
from slo.sources.attempt import Check, UnableError, attempt
from slo.sources.base import Query, Reading, Sample
from slo.sources.connection import Access, Connection

# Checks made at the same time.
AT_ONCE = 32
# Checks that could not begin within a tick, or this many seconds of a shorter one, are left to the next.
PATIENCE = 10


@dataclass(slots=True)
class Probe:
    """Runs the checks of its objectives, each at its interval, or every tick where that is longer.

    An attempt is one event: good when everything holds. Where the target cannot be judged (no network here, no
    answer from the name server, a missing secret), nothing is counted and the time is not observed. A name that does
    not exist and a host that cannot be reached are the target's fault: its users are no better off.
    """

    connection: Connection = field(default_factory=Connection)
    replays: bool = field(default=False, init=False)

    def collect(self, queries: Sequence[Query], start: int, end: int, tick: int) -> list[Reading]:
        """See `slo.sources.base.Source.collect`. Raises SourceError when it lacks what it connects with."""
        if end <= start:
            return [Reading(query.objective) for query in queries]
        checks = {query.objective: _check(query.terms) for query in queries}
        due = {query.objective for query in queries if is_due(checks[query.objective].interval, query.cursor, end)}
        found = self._attempts({pk: checks[pk] for pk in due}, max(tick, PATIENCE)) if due else {}
        return [
            _reading(query, checks[query.objective], found.get(query.objective), start, end, tick) for query in queries
        ]

    def _attempts(self, checks: Mapping[int, Check], patience: float) -> dict[int, str | UnableError]:
        access = self.connection.access()
        tls, closing = _context(access), time.monotonic() + patience

        def make(check: Check) -> str | UnableError:
            if time.monotonic() > closing:
                return UnableError("the checks before it took all the time of the tick")
            try:
                return access.hide(attempt(check, access, tls))
            except UnableError as error:
                return error

        with ThreadPoolExecutor(min(AT_ONCE, len(checks)), thread_name_prefix="probe") as pool:
            return dict(zip(checks, pool.map(make, checks.values()), strict=True))


def is_due(interval: int, cursor: Mapping[str, Any], at: int) -> bool:
    """Is the check to be made at this instant? Once in each of the intervals that the epoch is divided into."""
    last = cursor.get("last")
    return last is None or at // interval > last // interval


def _check(terms: Mapping[str, Any]) -> Check:
    statuses = tuple((low, high) for low, high in terms.get("expected_status", [[200, 299]]))
    return Check(**{**terms, "expected_status": statuses})


def _reading(query: Query, check: Check, outcome: str | UnableError | None, start: int, end: int, tick: int) -> Reading:
    if isinstance(outcome, UnableError):
        return Reading(query.objective, problem=f"the check could not be made: {outcome}")
    # A check vouches for its interval; what lies further back was not looked at.
    seconds = min(end - start, max(check.interval, tick))
    if outcome is None:
        return Reading(query.objective, (Sample(end, 0, 0, seconds),), query.cursor, query.cursor.get("problem", ""))
    problem = f"the last check failed: {outcome}" if outcome else ""
    sample = Sample(end, 0 if outcome else 1, 1, seconds)
    return Reading(query.objective, (sample,), {"last": end, "problem": problem}, problem)


def _context(access: Access) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=access.ca_file or DEFAULT_CA_BUNDLE_PATH)
        if access.cert_file:
            context.load_cert_chain(access.cert_file, access.key_file or None)
    except (OSError, ssl.SSLError):
        raise SourceError("the TLS files cannot be used; are they certificates and keys in PEM?") from None
    if access.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
