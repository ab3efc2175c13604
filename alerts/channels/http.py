"""One HTTP request to a receiver, and what its answer means."""

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import NameResolutionError, NewConnectionError

from alerts.channels.base import ANSWER_LENGTH, Answer, answer
from alerts.rules.retry import retry_after
from slo.errors import SourceError
from slo.openslo.connection import AddressOrSecret, Reference
from slo.openslo.connection import Connection as ConnectionSpec
from slo.openslo.fields import checked_url
from slo.openslo.schema import Spec
from slo.sources.connection import Connection, Session
from slo.sources.secrets import Veil, resolve

CONNECT_SECONDS, READ_SECONDS = 3.0, 6.0
TRY_LATER = (408, 429)


class HttpSpec(ConnectionSpec):
    """Where a receiver is, and how it is reached: as sources are, with every secret by reference."""

    url: AddressOrSecret


class Poster:
    """Posts JSON to one address, keeping the connection from one message to the next.

    Secrets are looked up at the first message, so that one that is missing is an answer to be retried.
    """

    def __init__(self, url: str | Reference, connection: Spec | None = None, *, path: str = "") -> None:
        self._where, self._path = url, path
        said = connection.model_dump(exclude_none=True) if connection else {}
        names = {field.name for field in fields(Connection)}
        self._connection = Connection(**{name: value for name, value in said.items() if name in names})
        self._url = ""
        self._session: Session | None = None
        self._secrets: tuple[str, ...] = ()
        self._hide = Veil()

    def post(self, payload: Any, at: datetime, headers: Mapping[str, str] | None = None) -> Answer:
        """Post it as JSON. 2xx is accepted; 408, 429, 5xx and silence are to be retried; anything else is refused."""
        return self.post_bytes(encoded(payload), at, headers)

    def post_bytes(self, body: bytes, at: datetime, headers: Mapping[str, str] | None = None) -> Answer:
        """Post this body of JSON."""
        try:
            session = self._session or self._open()
        except SourceError as error:
            return answer("retry", capitalised(str(error)))
        try:
            response = session.post(
                self._url,
                data=body,
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
        if self._session:
            self._session.close()
            self._session = None

    def _open(self) -> Session:
        """Look up what is secret. Raises SourceError."""
        access = self._connection.access()
        self._url = address(self._where).rstrip("/") + self._path if self._path else address(self._where)
        parts = urlsplit(self._url)
        # What a receiver must not be quoted with: credentials in headers, in the address, and tokens in its path.
        own = urlsplit(self._url.removesuffix(self._path)).path
        tokens = (part for part in own.split("/") if not part.isalpha() or not part.islower())
        hidden = (*access.headers.values(), parts.query, own, *tokens)
        self._hide = access.hide
        self._secrets = tuple(secret for secret in hidden if len(secret) > 3)
        self._session = access.session()
        self._session.headers["User-Agent"] = "Brownout"
        return self._session

    def _judge(self, response: requests.Response, at: datetime) -> Answer:
        code, wish = response.status_code, retry_after(response.headers.get("Retry-After"), at)
        text = self._hide(f"{code} {response.reason or ''}: {_beginning(response)}".strip(": "))
        if code < 300:
            return answer("accepted", text, secrets=self._secrets)
        if code in TRY_LATER or code >= 500:
            return answer("retry", text, wish, secrets=self._secrets)
        if 300 <= code < 400:
            text += " (a redirect is not followed: give the channel its final address)"
        return answer("refused", text, secrets=self._secrets)


def encoded(payload: Any) -> bytes:
    """JSON in ASCII: whatever people wrote, it can be sent."""
    return json.dumps(payload, ensure_ascii=True).encode()


def address(where: str | Reference) -> str:
    """The address itself. Raises SourceError where its secret is missing or is no address; it is never quoted."""
    if isinstance(where, str):
        return where
    found = secret(where)
    try:
        return checked_url(found)
    except ValueError:
        place = where.from_env or where.from_file
        raise SourceError(f"what {place} holds is no address; write it as https://…") from None


def secret(reference: Reference) -> str:
    """The secret a reference stands for. Raises SourceError, which never quotes it."""
    return resolve(reference.model_dump(exclude_none=True))


def capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


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
