"""How gunicorn serves Brownout: `gunicorn --config python:config.gunicorn config.wsgi`.

An event stream holds a thread that sleeps, which costs next to nothing and asks for no second server: with threads for
all the streams allowed, and some for everything else, hundreds of applications listen to one process.
"""

import gc
import os
from typing import Any

from config import env

ENV = env.read()

worker_class = "gthread"
threads = ENV.FLAG_STREAMS + 16
worker_connections = threads + 1_000
# Longer than the minute after which load balancers let go of a connection: whoever reuses one must not find it closed.
keepalive = 75


def post_worker_init(worker: Any) -> None:
    """The threads are there: applications may listen, until this worker is told to stop or loses its parent."""
    from degradation.ofrep.streams import streams

    # What a worker begins with stays: the collector of garbage need not go through all of it over and over.
    gc.collect()
    gc.freeze()
    # A page makes tens of thousands of objects that are gone with it: one look at them each page, not forty.
    gc.set_threshold(10_000)
    streams.open(ENV.FLAG_STREAMS, lambda: worker.alive and worker.ppid == os.getppid())
