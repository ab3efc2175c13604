"""`python -m bench.pages`: how long pages let people wait, on the database of DATABASE_URL.

A company with 1,000 objectives, a month of ledger each, and 500 open alerts is asked through the web server, as
somebody who is logged in. The time is that until the first byte of the answer; each page is also asked right after a
tick, when nothing that was worked out before holds any more.
"""

import http.client
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

from bench import load
from bench.fleet import furnish, go_on, instant
from bench.server import Web, serving
from slo import selectors

OBJECTIVES, ALERTS = 1_000, 500
ASKED, AFTER_A_TICK = 40, 8
WANTED = 0.150  # seconds
PAGES = {
    "overview": "/",
    "overview, its region": "/",
    "objectives": "/objectives/",
    "objectives, their region": "/objectives/",
    "objectives, filtered": "/objectives/?state=critical&state=exhausted&sort=-burn&q=number",
    "objectives, grouped": "/objectives/?group=service&sort=name",
    "objectives, last page": f"/objectives/?page={OBJECTIVES // 50}",
    "one objective": "/objectives/objective-0/",
    "alerts": "/alerts/",
}


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is logged in at a server."""

    web: Web
    cookie: str

    def first_byte(self, path: str, *, region: bool = False) -> float:
        """Seconds until the answer begins."""
        asked = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=30)
        headers = {"Cookie": self.cookie, "Accept-Encoding": "gzip"} | ({"HX-Request": "true"} if region else {})
        try:
            asked.connect()
            began = time.perf_counter()
            asked.request("GET", path, headers=headers)
            answer = asked.getresponse()
            took = time.perf_counter() - began
            answer.read()
        finally:
            asked.close()
        if answer.status != http.client.OK:
            raise SystemExit(f"{path} answers {answer.status}")
        return took


def main() -> None:
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    furnish(OBJECTIVES, ALERTS, instant(time.time()))
    made = list(selectors.objectives())
    cookie = logged_in()
    with serving(os.environ["DATABASE_URL"]) as web:
        visitor = Visitor(web, cookie)
        waits(visitor, lambda: go_on(made, time.time()))
    # As fast as pages ever refresh.
    with serving(os.environ["DATABASE_URL"], TICK_SECONDS="5") as web:
        load.run(web, cookie, lambda: go_on(made, time.time()), connection.vendor)


def waits(visitor: Visitor, tick: Callable[[], None]) -> None:
    """Print how long each page takes, within a tick and right after one."""
    for name, path in PAGES.items():
        region = name.endswith("region")
        tick()
        visitor.first_byte(path, region=region)
        spent = visitor.web.cpu_seconds()
        within = [visitor.first_byte(path, region=region) for _ in range(ASKED)]
        cpu = (visitor.web.cpu_seconds() - spent) / ASKED
        after = []
        for _ in range(AFTER_A_TICK):
            tick()
            after.append(visitor.first_byte(path, region=region))
        told = f"first byte {_figures(within)}, {cpu * 1e3:.0f} ms CPU; right after a tick {_figures(after)}"
        print(f"{connection.vendor}, {name}: {told}", flush=True)


def _figures(waited: list[float]) -> str:
    p95 = statistics.quantiles(waited, n=20)[-1]
    late = "" if p95 <= WANTED else f" (more than {WANTED * 1e3:.0f})"
    return f"p50 {statistics.median(waited) * 1e3:.0f} ms, p95 {p95 * 1e3:.0f} ms{late}"


def logged_in() -> str:
    """The cookie of somebody who may act."""
    user = User.objects.create_superuser("bench")
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


if __name__ == "__main__":
    main()
