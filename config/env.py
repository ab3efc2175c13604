"""Settings that come from the environment: each typed, with a default, and checked before anything starts."""

import secrets
import sys
from pathlib import Path
from typing import Annotated

from pydantic import AnyHttpUrl, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

Words = Annotated[tuple[str, ...], NoDecode]


class Env(BaseSettings):
    """The environment (and `.env`, if present). Descriptions are the README's words."""

    model_config = SettingsConfigDict(env_file=BASE_DIR / ".env", extra="ignore", frozen=True)

    DATABASE_URL: str = Field(
        "sqlite:///var/brownout.sqlite3",
        description="where everything is kept: `sqlite:///path` or `postgres://user:password@host/name`",
    )
    BROKER_URL: str = Field(
        "filesystem://", description="how work reaches the worker: `filesystem://` (a folder) or `redis://host:port/0`"
    )
    SECRET_KEY: str = Field("", description="signs sessions; needed unless `DEBUG` is on; at least 50 characters")
    ALLOWED_HOSTS: Words = Field(("127.0.0.1", "localhost"), description="host names the web server answers to")
    DEBUG: bool = Field(False, description="developer mode: tracebacks in the browser, a throw-away key")
    TICK_SECONDS: int = Field(30, description="seconds between two measurements; must divide 60")
    PUBLIC_READ: bool = Field(False, description="pages and the JSON API can be read without login")
    PUBLIC_STATUS: bool = Field(
        True, description="the status page (capabilities in plain words, no internal names) can be read by everybody"
    )
    STATUS_NAME: str = Field(
        "Our service",
        min_length=1,
        max_length=80,
        description="what the status page, its mails and feed call the system",
    )
    STATUS_SUBSCRIBE: bool = Field(
        True, description="everybody may subscribe to the status page by e-mail (where `EMAIL_HOST` is set)"
    )
    STATUS_FILE: str = Field(
        "var/status.json",
        description="the last good status page, for when the database is away; empty: kept in memory only",
    )
    BASE_URL: AnyHttpUrl = Field(
        AnyHttpUrl("http://127.0.0.1:8000"),
        description="the address people reach the pages at; links in messages use it",
    )
    HTTPS: bool = Field(
        True, description="served over TLS: secure cookies, HSTS, redirects; off only for a local trial"
    )
    TRUST_PROXY: bool = Field(
        False, description="believe `X-Forwarded-Proto` and `X-Forwarded-For` of one proxy in front"
    )
    FLAG_STALE_SECONDS: int = Field(
        300, ge=1, description="so long flags are answered from memory while the database is away; then the safe values"
    )
    FLAG_STREAMS: int = Field(
        200, ge=0, le=5_000, description="applications that may listen for flips at once, in each web process"
    )
    FLAG_RATE: int = Field(0, ge=0, description="flag requests a second for each token and web process; `0`: no limit")
    EMAIL_HOST: str = Field("", description="SMTP server for e-mail channels")
    EMAIL_PORT: int = Field(25, ge=1, le=65535, description="its port")
    EMAIL_USER: str = Field("", description="its user, if it wants one")
    EMAIL_PASSWORD: str = Field("", description="and password")
    EMAIL_TLS: bool = Field(False, description="STARTTLS towards the SMTP server")
    EMAIL_FROM: str = Field("brownout@localhost", description="the sender of e-mails")
    RUNBOOK_STALE_DAYS: int = Field(
        90, ge=1, le=3650, description="days after which a runbook that nobody worked through counts as stale"
    )
    WATCHDOG_URL: str = Field(
        "", description="asked (GET) while measuring, judging and telling all run: its silence is an alert elsewhere"
    )
    WATCHDOG_SECONDS: int = Field(60, ge=5, le=3600, description="seconds between two of these heartbeats")
    LOG_LEVEL: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")

    @field_validator("ALLOWED_HOSTS", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("TICK_SECONDS")
    @classmethod
    def _divides_a_minute(cls, value: int) -> int:
        # Thinning keeps the rows on whole minutes, so every minute must have one.
        if value < 1 or 60 % value:
            raise ValueError("must be a whole number of seconds that divides 60, such as 5, 10, 15 or 30")
        return value

    @field_validator("DATABASE_URL")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value.split(":", 1)[0] not in ("sqlite", "postgres", "postgresql"):
            raise ValueError("must start with sqlite:///, postgres:// or postgresql://")
        return value

    @field_validator("BROKER_URL")
    @classmethod
    def _known_broker(cls, value: str) -> str:
        if value.split(":", 1)[0] not in ("filesystem", "redis", "rediss", "memory"):
            raise ValueError("must start with filesystem://, redis:// or rediss://")
        return value

    @field_validator("WATCHDOG_URL")
    @classmethod
    def _watchdog_is_an_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            # The address is a secret, so it is not repeated.
            raise ValueError("must be an address that starts with https:// or http://")
        return value

    @field_validator("STATUS_NAME")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isprintable() or not value.strip():
            raise ValueError("must be words on one line")
        return value.strip()

    @field_validator("LOG_LEVEL")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value.upper()

    @model_validator(mode="after")
    def _key_is_given(self) -> "Env":
        if not self.DEBUG and len(self.SECRET_KEY) < 50:
            raise ValueError(
                "SECRET_KEY must be set to at least 50 random characters (or DEBUG=1 for a trial); "
                f"one to use: {secrets.token_urlsafe(50)}"
            )
        return self


def read() -> Env:
    """The checked environment; ends the process with one line a mistake when something is wrong."""
    try:
        return Env()
    except ValidationError as error:
        lines = [
            f"{'.'.join(str(part) for part in item['loc']) or 'settings'}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors()
        ]
        sys.exit("The environment (or .env) is not usable:\n" + "\n".join(f"  {line}" for line in lines))
