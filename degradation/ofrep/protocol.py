"""OFREP 0.3.0 without a web framework: what was asked, what is answered.

https://openfeature.dev/specification/appendix-c
"""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from django.utils.http import parse_etags

from degradation.ofrep.memory import NothingKnownError, Snapshot, memory
from degradation.ofrep.rates import rates
from degradation.ofrep.streams import STREAM, streams
from degradation.ofrep.values import evaluation
from slo.services.access import digest, includes

log = logging.getLogger(__name__)
Mistake = Literal["PARSE_ERROR", "TARGETING_KEY_MISSING", "INVALID_CONTEXT", "GENERAL", "FLAG_NOT_FOUND"]

PREFIX = "/ofrep/v1/"
FLAGS = "evaluate/flags"
LARGEST_BODY = 65_536


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: `path` after the prefix, header names in lower case; `read` gives at most so many bytes of it."""

    method: str
    path: str
    headers: Mapping[str, str]
    length: int
    read: Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: JSON, or nothing."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class RefusedError(Exception):
    """The request is answered with an error, whose words are for the person who sees it."""

    status: int
    details: str
    code: Mistake | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def answer(self, key: str = "") -> Answer:
        told = {"key": key if self.code else "", "errorCode": self.code, "errorDetails": self.details}
        return _json(self.status, {name: value for name, value in told.items() if value}, self.headers)


def answer(asked: Asked) -> Answer:
    """The answer, which is JSON whatever happens."""
    key = asked.path.removeprefix(f"{FLAGS}/") if asked.path.startswith(f"{FLAGS}/") else None
    try:
        _check_address(asked, key)
        snapshot = known()
        _check_rate(check_token(asked, snapshot))
        targeting_key = _targeting_key(asked)
        at = datetime.now(UTC)
        return _all(asked, snapshot, targeting_key, at) if key is None else _one(snapshot, key, targeting_key, at)
    except RefusedError as refused:
        return refused.answer(key or "")
    except Exception:
        log.exception("%s %s failed", asked.method, asked.path)
        return RefusedError(500, "The flag could not be evaluated; the server's log has the details").answer()


def known() -> Snapshot:
    """What this process knows. Raises RefusedError when that is nothing."""
    try:
        return memory.snapshot()
    except NothingKnownError:
        words = "The database is out of reach, and this server has not read any flag yet"
        raise RefusedError(503, words, headers={"Retry-After": "5"}) from None


def check_token(asked: Asked, snapshot: Snapshot) -> str:
    """The digest of the caller's token. Raises RefusedError unless its role may read flags."""
    token = _token(asked)
    named = digest(token) if token else ""
    role = (snapshot.roles or {}).get(named)
    if role is None:
        said = "The token is unknown or revoked" if token else "A token is needed, as Bearer or as X-API-Key"
        raise RefusedError(401, said, headers={"WWW-Authenticate": "Bearer"})
    if not includes(role, "viewer"):
        raise RefusedError(403, "The token's role may not read flags")
    return named


def _check_address(asked: Asked, key: str | None) -> None:
    if key is None and asked.path != FLAGS:
        raise RefusedError(404, f"There is nothing at {PREFIX}{asked.path[:100]}; flags are at {PREFIX}{FLAGS}")
    if asked.method != "POST":
        raise RefusedError(405, "Flags are evaluated with POST", headers={"Allow": "POST"})


def _check_rate(token: str) -> None:
    seconds = rates.wait(token)
    if seconds:
        words = f"Too many evaluations with this token; ask again in {seconds} s"
        raise RefusedError(429, words, "GENERAL", {"Retry-After": str(seconds)})


def _one(snapshot: Snapshot, key: str, targeting_key: str, at: datetime) -> Answer:
    """The value of one flag; never a 304, which the official Python provider cannot read."""
    found = snapshot.items.get(key)
    if found is None:
        raise RefusedError(404, f"There is no flag with the key {key[:100]!r}", "FLAG_NOT_FOUND")
    told = evaluation(*found, targeting_key, at)
    return _json(400 if "errorCode" in told else 200, told)


def _all(asked: Asked, snapshot: Snapshot, targeting_key: str, at: datetime) -> Answer:
    """The values of all flags, with an ETag; 304 while nothing has changed."""
    told = [evaluation(item, kept, targeting_key, at) for item, kept in snapshot.items.values()]
    whole: dict[str, Any] = {"flags": told, "metadata": _summary(told)}
    if streams.limit:
        # Without an origin it is that of the flags themselves.
        whole["eventStreams"] = [{"type": "sse", "endpoint": {"requestUri": f"{PREFIX}{STREAM}"}}]
    full = _json(200, whole)
    etag = f'"{hashlib.sha256(full.body).hexdigest()[:32]}"'
    headers = {**full.headers, "ETag": etag, "Cache-Control": "private, no-cache"}
    if _matches(asked.headers.get("if-none-match", ""), etag):
        return Answer(304, b"", headers)
    return Answer(200, full.body, headers)


def _summary(told: list[dict[str, Any]]) -> dict[str, int | bool]:
    metadata = [item.get("metadata", {}) for item in told]
    found: dict[str, int | bool] = {
        "shed": sum(item.get("state") == "shed" for item in metadata),
        "forced": sum(str(item.get("state", "")).startswith("forced") for item in metadata),
    }
    if any(item.get("stale") for item in metadata):
        found["stale"] = True
    return found


def _token(asked: Asked) -> str:
    scheme, _, bearer = asked.headers.get("authorization", "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else asked.headers.get("x-api-key", "")


def _targeting_key(asked: Asked) -> str:
    """Who the evaluation is for, or an empty text. Body and context may be empty. Raises RefusedError."""
    # Beyond the limit the body is not even read.
    if asked.length > LARGEST_BODY or len(body := asked.read(LARGEST_BODY + 1)) > LARGEST_BODY:
        raise RefusedError(413, f"The body is larger than {LARGEST_BODY} bytes", "GENERAL")
    try:
        sent = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise RefusedError(400, "The body is not JSON", "PARSE_ERROR") from None
    if not isinstance(sent, dict):
        raise RefusedError(400, "The body is not a JSON object", "PARSE_ERROR")
    context = sent.get("context", {})
    if not isinstance(context, dict):
        raise RefusedError(400, "`context` is not an object", "INVALID_CONTEXT")
    key = context.get("targetingKey", "")
    if not isinstance(key, str):
        raise RefusedError(400, "`targetingKey` is not a text", "INVALID_CONTEXT")
    return key


def _matches(header: str, etag: str) -> bool:
    # Compression on the way makes the tag weak (W/"…"); the same flags are behind it.
    wanted = [tag.removeprefix("W/") for tag in parse_etags(header)] if header else []
    return etag in wanted or "*" in wanted


def _json(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})
