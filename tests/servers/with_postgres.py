"""Run pytest on PostgreSQL and Redis: `python -m tests.servers.with_postgres`, followed by arguments of pytest."""

import os
import subprocess
import sys

from tests.servers.postgres import Postgres
from tests.servers.process import MissingServerError
from tests.servers.redis import Redis


def main(arguments: list[str]) -> int:
    """The exit status of pytest with these arguments; 0 where a server is missing, unless REQUIRE_SERVERS=1."""
    try:
        with Postgres() as postgres, Redis() as redis:
            environment = {**os.environ, "DATABASE_URL": postgres.database(), "BROKER_URL": redis.url}
            return subprocess.run([sys.executable, "-m", "pytest", *arguments], env=environment, check=False).returncode
    except MissingServerError as error:
        required = os.environ.get("REQUIRE_SERVERS") == "1"
        print(f"{'FAILED' if required else 'SKIPPED'} the tests on PostgreSQL and Redis: {error}", file=sys.stderr)  # noqa: T201
        return int(required)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
