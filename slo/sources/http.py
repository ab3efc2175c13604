"""What HTTP tells people: addresses without secrets, failures in a few words."""

from collections.abc import Callable
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ReadTimeoutError


def shown(url: str) -> str:
    """The address as it may be shown: without user and password, nor what a query may hold."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="…" if parts.query else "").geturl()


def cause(error: Exception, hide: Callable[[str], str] = str) -> str:
    """What went wrong, in a few words: the end of the innermost reason of a chain of exceptions.

    `hide` takes secrets out before anything is cut off.
    """
    inner: object = error.args[0] if error.args else error
    reason = getattr(inner, "reason", None) or inner
    # A session that retries hides the time-out inside a connection error.
    if isinstance(error, requests.Timeout) or isinstance(reason, ReadTimeoutError):
        return "no answer in time"
    return hide(str(reason)).rpartition(": ")[2][:200] or type(error).__name__
