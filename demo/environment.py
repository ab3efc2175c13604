"""The environment the demo brings with it, whatever this machine's own is. Set before Django reads its settings."""

import argparse
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = BASE_DIR / "var" / "demo"
PORT = 8000


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that decide the environment."""
    parser.add_argument("--port", type=int, default=PORT, help=f"where the pages are served (default: {PORT})")
    parser.add_argument("--data", type=Path, default=DATA_DIR, help="the folder of the demo's data (default: var/demo)")


def prepare(arguments: Sequence[str]) -> None:
    """Put the demo's settings into this process's environment, for itself and its children."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    add_options(parser)
    options, _ = parser.parse_known_args(arguments)
    os.environ.update(environment(options.data.resolve(), options.port))


def environment(data: Path, port: int) -> dict[str, str]:
    """Every setting there is, so that nothing of a `.env` gets in. Makes the folder and its key if they are missing."""
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": f"sqlite:///{data / 'brownout.sqlite3'}",
        "BROKER_URL": f"filesystem://{data / 'broker'}",
        "SECRET_KEY": _key(data),
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "DEBUG": "0",
        "TICK_SECONDS": "5",
        "PUBLIC_READ": "1",
        "PUBLIC_STATUS": "1",
        "STATUS_NAME": "MangaAssist",
        "STATUS_SUBSCRIBE": "1",
        "STATUS_FILE": str(data / "status.json"),
        "BASE_URL": f"http://127.0.0.1:{port}",
        "HTTPS": "0",
        "TRUST_PROXY": "0",
        "FLAG_STALE_SECONDS": "300",
        "FLAG_STREAMS": "200",
        "FLAG_RATE": "0",
        "RUNBOOK_STALE_DAYS": "90",
        "EMAIL_HOST": "",
        "EMAIL_PORT": "25",
        "EMAIL_USER": "",
        "EMAIL_PASSWORD": "",
        "EMAIL_TLS": "0",
        "EMAIL_FROM": "brownout@localhost",
        "WATCHDOG_URL": "",
        "WATCHDOG_SECONDS": "60",
        "LOG_LEVEL": "WARNING",
    }


def _key(data: Path) -> str:
    """The key that signs the demo's sessions: made once, readable for its owner only."""
    data.mkdir(parents=True, exist_ok=True)
    file = data / "secret_key"
    if not file.exists() or not file.read_text():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(50))
    return file.read_text()
