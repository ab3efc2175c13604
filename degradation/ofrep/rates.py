"""How often a token may ask: so many evaluations a second in one web process, saved up for two."""

import time
from collections.abc import Callable
from math import ceil

from django.conf import settings

SAVED_SECONDS = 2.0


class Rates:
    """A token bucket for every token. Forgets those of revoked tokens when there are many."""

    MANY = 10_000

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait(self, token: str) -> int:
        """Takes one evaluation and gives 0, or takes none and gives the whole seconds until there is one again."""
        rate = settings.FLAG_RATE
        if not rate:
            return 0
        now = self._clock()
        left, at = self._buckets.get(token, (rate * SAVED_SECONDS, now))
        left = min(rate * SAVED_SECONDS, left + (now - at) * rate)
        if left < 1:
            return ceil((1 - left) / rate)
        if len(self._buckets) >= self.MANY:
            self._buckets.clear()
        self._buckets[token] = (left - 1, now)
        return 0


rates = Rates()
