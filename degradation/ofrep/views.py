"""Flags for applications: the OpenFeature Remote Evaluation Protocol 0.3.0.

https://openfeature.dev/specification/appendix-c. Answers never depend on the context: a flag is on or off for all.
"""

import hashlib
import json
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate, Literal, ParamSpec

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.utils.http import parse_etags
from django.views.decorators.csrf import csrf_exempt

from degradation import selectors
from degradation.selectors import Served
from slo.api_auth import token_of
from slo.services.access import includes, valid_token

log = logging.getLogger(__name__)
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
Mistake = Literal["PARSE_ERROR", "INVALID_CONTEXT", "GENERAL", "FLAG_NOT_FOUND"]

LARGEST_BODY = 65_536
_KEY = re.compile(r"[A-Za-z0-9_.-]{1,200}")


def _endpoint(view: View[P]) -> View[P]:
    """A POST for programs: by token instead of cookie, and every answer is JSON, whatever happens."""

    @csrf_exempt
    @wraps(view)
    def wrapper(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return _refusal(request) or view(request, *args, **kwargs)
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            return _error(500, "The flag could not be evaluated; the server's log has the details")

    return wrapper


@_endpoint
def evaluate_one(request: HttpRequest, key: str) -> HttpResponse:
    """The value of one flag; never a 304, which the official Python provider cannot read."""
    mistake = _mistake(request, key)
    if mistake is not None:
        return mistake
    # A text that can be no key is not worth a query, and some databases refuse it.
    if not _KEY.fullmatch(key):
        return _error(404, f"There is no flag with the key {key[:100]!r}", "FLAG_NOT_FOUND", key)
    at = datetime.now(UTC)
    for item in selectors.served(at):
        if item.key == key:
            return JsonResponse(_evaluation(item.now(at)))
    return _error(404, f"There is no flag with the key {key!r}", "FLAG_NOT_FOUND", key)


@_endpoint
def evaluate_all(request: HttpRequest) -> HttpResponse:
    """The values of all flags, with an ETag; 304 while nothing has changed."""
    mistake = _mistake(request)
    if mistake is not None:
        return mistake
    at = datetime.now(UTC)
    items = [item.now(at) for item in selectors.served(at)]
    answer = {
        "flags": [_evaluation(item) for item in items],
        "metadata": {
            "shed": sum(item.state == "shed" for item in items),
            "forced": sum(item.state.startswith("forced") for item in items),
        },
    }
    response: HttpResponse = JsonResponse(answer)
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    if _matches(request.headers.get("If-None-Match", ""), etag):
        response = HttpResponseNotModified()
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response


def _evaluation(item: Served) -> dict[str, Any]:
    return {
        "key": item.key,
        "value": item.value,
        # DISABLED would make some clients fall back to the default in their code; a shed flag has a value.
        "reason": "STATIC" if item.state == "auto" else "TARGETING_MATCH",
        "variant": _variant(item),
        "metadata": _metadata(item),
    }


def _variant(item: Served) -> str | None:
    if isinstance(item.value, bool):
        return "on" if item.value else "off"
    return item.variant


def _metadata(item: Served) -> dict[str, str | int | float | bool]:
    """Flat, and without nulls, as the protocol wants it."""
    found = {**item.details, "state": item.state}
    if item.cause:
        found["cause"] = item.cause
    if item.since:
        found["since"] = _iso(item.since)
    if item.until:
        found["until"] = _iso(item.until)
    return found


def _refusal(request: HttpRequest) -> HttpResponse | None:
    if request.method != "POST":
        return _error(405, "Flags are evaluated with POST", headers={"Allow": "POST"})
    token = token_of(request)
    held = valid_token(token) if token else None
    role = held.role if held else None
    if role is None:
        said = "The token is unknown or revoked" if token else "A token is needed, as Bearer or as X-API-Key"
        return _error(401, said, headers={"WWW-Authenticate": "Bearer"})
    return None if includes(role, "viewer") else _error(403, "The token's role may not read flags")


def _mistake(request: HttpRequest, key: str = "") -> HttpResponse | None:
    """What is wrong with the body, if anything. It may be empty, and so may the context."""
    # Beyond the limit the body is not even read.
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_BODY:
        return _error(413, f"The body is larger than {LARGEST_BODY} bytes", "GENERAL", key)
    try:
        body = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        return _error(400, "The body is not JSON", "PARSE_ERROR", key)
    if not isinstance(body, dict):
        return _error(400, "The body is not a JSON object", "PARSE_ERROR", key)
    context = body.get("context", {})
    if not isinstance(context, dict):
        return _error(400, "`context` is not an object", "INVALID_CONTEXT", key)
    if not isinstance(context.get("targetingKey", ""), str):
        return _error(400, "`targetingKey` is not a text", "INVALID_CONTEXT", key)
    return None


def _matches(header: str, etag: str) -> bool:
    # Compression on the way makes the tag weak (W/"…"); the same flags are behind it.
    wanted = [tag.removeprefix("W/") for tag in parse_etags(header)]
    return etag in wanted or "*" in wanted


def _error(
    status: int, details: str, code: Mistake | None = None, key: str = "", headers: dict[str, str] | None = None
) -> HttpResponse:
    body = {"key": key, "errorCode": code, "errorDetails": details}
    shown = {name: value for name, value in body.items() if value}
    return JsonResponse(shown, status=HTTPStatus(status), headers=headers)


def _iso(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
