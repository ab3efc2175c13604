"""`manage.py demo`: the whole of Brownout on this machine, watching a simulated shopping assistant."""

import fcntl
import shutil
import socket
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from rich.console import Console
from rich.progress import Progress

from demo import logins, processes, scenario, stage
from demo.environment import add_options, environment
from slo.services.access import RANKS

# A scenario that was asked for begins once everything runs and has been looked at for a moment.
LEAD = timedelta(seconds=90)


class Command(BaseCommand):
    help = "Run the demo: sets everything up, keeps its data between starts, stops with Ctrl-C."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_options(parser)
        parser.add_argument("--reset", action="store_true", help="forget the demo's data and start over")
        parser.add_argument("--scenario", metavar="NAME", help=f"what happens: {', '.join(scenario.STORIES)}")
        parser.add_argument("--prometheus", action="store_true", help="measure through a Prometheus server")

    def handle(self, *_: object, **options: Any) -> None:
        data, port = options["data"].resolve(), options["port"]
        if environment(data, port)["DATABASE_URL"] != f"sqlite:///{settings.DATABASES['default']['NAME']}":
            raise CommandError("The demo needs its own environment: start it as `python manage.py demo`")
        if options["prometheus"] and not shutil.which("prometheus"):
            raise CommandError("There is no `prometheus` here: install it (apt install prometheus), or leave it out")
        story = options["scenario"] or ""
        if story and story not in scenario.STORIES:
            raise CommandError(f"There is no scenario {story!r}; there are {', '.join(scenario.STORIES)}")
        with _alone(data):
            _check_free(port)
            if options["reset"]:
                stage.clear(data)
            sys.exit(_run(data, port, story, prometheus=options["prometheus"]))


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Hold the data for this process. Raises CommandError when another demo has it."""
    with (data / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CommandError(f"A demo with the data in {data} is running already; stop it first (Ctrl-C)") from None
        yield


def _check_free(port: int) -> None:
    if not _free(port):
        raise CommandError(
            f"Port {port} is used by another program; choose another one, "
            f"such as `make demo PORT={port + 10}` or `manage.py demo --port {port + 10}`"
        )


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
        return True


def _near(port: int) -> int:
    """A free port for something people do not look at: the one after if possible."""
    if _free(port + 1):
        return port + 1
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(data: Path, port: int, story: str, *, prometheus: bool) -> int:
    """Set everything up and run it. Returns the exit code."""
    world, server = _near(port), _near(port + 1) if prometheus else 0
    at = datetime.now(UTC)
    stage.migrate()
    stage.collect_static()
    stage.declare(data, at, f"http://127.0.0.1:{world}", f"http://127.0.0.1:{server}" if prometheus else "")
    with Progress(console=Console(), transient=True) as progress:
        anchor = stage.populate(at, settings.TICK_SECONDS, progress)
    secret = {"WORLD_TOKEN": stage.token(at)}
    connections.close_all()
    begins = at + LEAD
    told = (story, begins.timestamp()) if story else None
    commands = processes.commands(data, port, world, anchor.timestamp(), told)
    if prometheus:
        commands["prometheus"] = stage.prometheus(data, server, world)
    live = f"http://127.0.0.1:{port}/health/live"
    since = (begins - anchor).total_seconds()
    plot = scenario.Plot(scenario.STORIES[story], since) if story else scenario.EVERYDAY
    news = scenario.news((at - anchor).total_seconds(), plot)
    if story:
        news += f" Then: {plot.story.about}."
    return processes.run(commands, secret, lambda: _welcome(settings.BASE_URL, world, news), live)


def _welcome(url: str, world: int, news: str) -> None:
    people = ", ".join(f"{role} / {logins.password(role)}" for role in RANKS)
    Console().print(
        f"\n[bold]Brownout is at {url}[/bold], watching MangaAssist. {news}\n\n"
        f"  1  What can users still do?      {url}/capabilities/\n"
        f"  2  How fast is a budget spent?   {url}/objectives/orders-availability/\n"
        f"  3  What was dimmed, and why?     {url}/flags/\n\n"
        f"  Log in at {url}/login/ to act: {people}\n"
        f"  The world behind it: http://127.0.0.1:{world}/ and its inbox http://127.0.0.1:{world}/inbox\n"
        "  Ctrl-C stops everything; the data stays.\n",
        highlight=False,
        soft_wrap=True,
    )
