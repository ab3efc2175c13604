"""Several workers at once."""

import threading
from collections.abc import Callable

from django.db import connection


def at_once(workers: int, work: Callable[[int], None]) -> None:
    """Run `work(number)` in that many threads, each with a connection of its own, starting together."""
    gate = threading.Barrier(workers)

    def run(number: int) -> None:
        try:
            gate.wait(20)
            work(number)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
