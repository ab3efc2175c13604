"""Settings are checked before anything starts, with one clear line a mistake."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCTION = {
    "SECRET_KEY": secrets.token_urlsafe(50),
    "ALLOWED_HOSTS": "brownout.example",
    "BASE_URL": "https://brownout.example",
}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**inherited, "DATABASE_URL": "sqlite:///:memory:", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TICK_SECONDS", "7", "TICK_SECONDS: must be a whole number of seconds that divides 60"),
        ("TICK_SECONDS", "soon", "TICK_SECONDS:"),
        ("DATABASE_URL", "mysql://x", "DATABASE_URL: must start with sqlite:///"),
        ("BROKER_URL", "amqp://x", "BROKER_URL: must start with filesystem://"),
        ("SECRET_KEY", "short", "SECRET_KEY must be set to at least 50 random characters"),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL: must be DEBUG, INFO"),
        ("BASE_URL", "nowhere", "BASE_URL:"),
        ("EMAIL_PORT", "99999", "EMAIL_PORT:"),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_starts(name: str, value: str, words: str) -> None:
    done = run("check", **{**PRODUCTION, name: value})
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_production_settings_pass_the_deployment_check() -> None:
    done = run("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert done.returncode == 0, done.stderr
