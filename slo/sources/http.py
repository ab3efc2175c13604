"""What HTTP tells people: addresses without secrets, failures in a few words."""

from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ReadTimeoutError


def shown(url: str) -> str:
    """The address as it may be shown: without user and password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def cause(error: Exception) -> str:
    """What went wrong, in a few words: the end of the innermost reason of a chain of exceptions."""
    inner: object = error.args[0] if error.args else error
    reason = getattr(inner, "reason", None) or inner
    # A session that retries hides the time-out inside a connection error.
    if isinstance(error, requests.Timeout) or isinstance(reason, ReadTimeoutError):
        return "no answer in time"
    return str(reason).rpartition(": ")[2][:200] or type(error).__name__
