"""One HTTP request to a receiver, and what its answer means."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import NameResolutionError, NewConnectionError

from alerts.channels.base import ANSWER_LENGTH, Answer, answer
from alerts.rules.retry import retry_after

CONNECT_SECONDS, READ_SECONDS = 3.0, 6.0
TRY_LATER = (408, 429)


class _NoNetrc(AuthBase):
    """Keeps requests from putting credentials of the machine's .netrc in place of the channel's own."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class Poster:
    """Posts JSON to one address, keeping the connection from one message to the next."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        parts = urlsplit(url)
        self._url = url
        self._session = requests.Session()
        self._session.auth = _NoNetrc()
        self._session.headers.update({"User-Agent": "Brownout", **(headers or {})})
        # What a receiver must not be quoted with: credentials in headers, in the address, and tokens in its path.
        hidden = (*(headers or {}).values(), parts.password or "", parts.query, parts.path)
        self._secrets = tuple(secret for secret in hidden if len(secret) > 3)

    def post(self, payload: Any, at: datetime, headers: Mapping[str, str] | None = None) -> Answer:
        """Post the payload. 2xx is accepted; 408, 429, 5xx and silence are to be retried; anything else is refused."""
        try:
            response = self._session.post(
                self._url,
                data=json.dumps(payload, ensure_ascii=True),
                headers={"Content-Type": "application/json", **(headers or {})},
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                # A redirected POST arrives as a GET without its body: better to say so.
                allow_redirects=False,
                stream=True,
            )
        except requests.exceptions.RequestException as error:
            return answer("refused" if isinstance(error, ValueError) else "retry", _trouble(error))
        with response:
            return self._judge(response, at)

    def close(self) -> None:
        self._session.close()

    def _judge(self, response: requests.Response, at: datetime) -> Answer:
        code, wish = response.status_code, retry_after(response.headers.get("Retry-After"), at)
        text = f"{code} {response.reason or ''}: {_beginning(response)}".strip(": ")
        if code < 300:
            return answer("accepted", text, secrets=self._secrets)
        if code in TRY_LATER or code >= 500:
            return answer("retry", text, wish, secrets=self._secrets)
        if 300 <= code < 400:
            text += " (a redirect is not followed: give the channel its final address)"
        return answer("refused", text, secrets=self._secrets)


def _beginning(response: requests.Response) -> str:
    """The first part of the body, as far as it can be had: the status has already been given."""
    try:
        raw = next(response.iter_content(4 * ANSWER_LENGTH), b"")
    except requests.exceptions.RequestException:
        return ""
    return raw.decode("utf-8", "replace")


def _trouble(error: requests.exceptions.RequestException) -> str:
    """What went wrong, without the address: it may hold a token."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return f"No connection within {CONNECT_SECONDS:g} s"
    if isinstance(error, requests.exceptions.Timeout):
        return f"No answer within {READ_SECONDS:g} s"
    if isinstance(error, requests.exceptions.SSLError):
        return "The TLS connection could not be made: check the certificate and the address"
    if isinstance(error, requests.exceptions.ConnectionError):
        return _broken_connection(error)
    return f"The request could not be made ({type(error).__name__}): check the channel's address and headers"


def _broken_connection(error: requests.exceptions.ConnectionError) -> str:
    """requests wraps urllib3's MaxRetryError, whose `reason` names what happened."""
    inner = error.args[0] if error.args else error
    reason = getattr(inner, "reason", inner)
    if isinstance(reason, NameResolutionError):
        return "The receiver's host name is not known"
    if isinstance(reason, NewConnectionError):
        return "No connection: the receiver refuses it or is out of reach"
    return "The connection broke before an answer came"
