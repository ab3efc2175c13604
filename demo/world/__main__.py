"""`python -m demo.world`: run the simulated services until told to stop.

The token for flags and circuits comes from the environment (`WORLD_TOKEN`), where other users of the machine cannot see
it.
"""

import argparse
import logging
import os
import signal
import threading
import time

from demo import scenario
from demo.world.clients import EVERY, Clients
from demo.world.flags import Flags
from demo.world.inbox import Inbox
from demo.world.server import Server
from demo.world.state import World

STEP = 1.0


def main() -> None:
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    now = time.time()
    world, flags = (
        World(options.anchor or now, now, plot=_plot(options, now)),
        Flags(options.flags.rstrip("/"), os.environ.get("WORLD_TOKEN", "")),
    )
    server = Server((options.host, options.port), world, Inbox())
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    flags.start()
    clients = Clients(options.flags.rstrip("/"), os.environ.get("WORLD_TOKEN", ""))
    threading.Thread(target=_tell, args=(clients, world, stopped), daemon=True).start()
    while not stopped.wait(STEP):
        flags.off()
        now = time.time()
        # Of a feature that is on for a share of the users, that share of the seconds is served.
        world.off = flags.off(f"user-{now:.0f}")
        world.advance(now)
    flags.stop()


def _tell(clients: Clients, world: World, stopped: threading.Event) -> None:
    while not stopped.wait(EVERY):
        clients.tell(world.conditions())


def _plot(options: argparse.Namespace, now: float) -> scenario.Plot:
    begun = (options.begun or now) - (options.anchor or now)
    return scenario.Plot(scenario.STORIES[options.scenario], begun) if options.scenario else scenario.EVERYDAY


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo.world", description="Simulated services for the demo.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--flags", default="http://127.0.0.1:8000", help="where Brownout answers OFREP")
    parser.add_argument("--anchor", type=float, help="epoch seconds the scenario hangs on (default: now)")
    parser.add_argument("--scenario", choices=sorted(scenario.STORIES), help="what happens (default: everyday)")
    parser.add_argument("--begun", type=float, help="epoch seconds the scenario begins at (default: now)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
