"""How a source is connected to: headers, credentials and TLS, with secrets resolved for one use at a time."""

import logging
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from slo.errors import SourceError
from slo.openslo.connection import TENANT
from slo.sources.secrets import Veil, resolve

log = logging.getLogger(__name__)

REDIRECTS = 5
Value = str | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Connection:
    """What the documents say: a secret is {"from_env": NAME} or {"from_file": path}, and stays so here."""

    headers: Mapping[str, Value] = field(default_factory=dict)
    bearer_token: Mapping[str, str] | None = None
    basic_auth: Mapping[str, Any] | None = None
    tenant: str = ""
    tls: Mapping[str, Any] = field(default_factory=dict)

    def access(self) -> "Access":
        """Look the secrets and files up, for one use. Raises SourceError naming what is missing."""
        secrets: list[str] = []
        headers = dict(resolved(self.headers, secrets))
        if self.tenant:
            headers[TENANT] = self.tenant
        if self.bearer_token:
            headers["Authorization"] = f"Bearer {_secret(self.bearer_token, secrets)}"
        elif self.basic_auth:
            headers["Authorization"] = _basic(self.basic_auth, secrets)
        if not "".join(headers.values()).isascii():
            raise SourceError("a header or token holds characters beyond ASCII, which HTTP cannot send")
        insecure = bool(self.tls.get("insecure_skip_verify"))
        if insecure:
            log.warning("TLS certificates are NOT verified (insecureSkipVerify): whoever answers is believed")
        ca, cert, key = (_file(self.tls, name) for name in ("ca_file", "cert_file", "key_file"))
        return Access(headers, Veil(secrets), ca, cert, key, insecure)


@dataclass(frozen=True, slots=True, repr=False)
class Access:
    """A connection with its secrets looked up: for one use, never stored. `hide` takes them out of a text."""

    headers: Mapping[str, str] = field(default_factory=dict)
    hide: Veil = field(default_factory=Veil)
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    insecure: bool = False

    def session(self) -> "Session":
        """An HTTP session that signs its requests."""
        return Session(self)


class Session(requests.Session):
    """Sends the headers of an access, but not on to another server that a redirect names."""

    def __init__(self, access: Access) -> None:
        super().__init__()
        self.hide = access.hide
        self.max_redirects = REDIRECTS
        self.verify = False if access.insecure else access.ca_file or True
        if access.cert_file:
            self.cert = (access.cert_file, access.key_file) if access.key_file else access.cert_file
        self._signature = dict(access.headers)
        # As authentication, so that a .netrc of the machine does not put another one in its place.
        self.auth = self._sign

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update(self._signature)
        return request

    def request(self, method: str | bytes, url: str | bytes, **options: Any) -> requests.Response:  # type: ignore[override]
        # Said with the request: what the environment says of certificates would win over the session.
        options.setdefault("verify", self.verify)
        return super().request(method, url, **options)

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        if self.should_strip_auth(response.request.url, prepared_request.url):  # type: ignore[no-untyped-call]
            for name in self._signature:
                prepared_request.headers.pop(name, None)


def resolved(headers: Mapping[str, Value], secrets: list[str]) -> Iterator[tuple[str, str]]:
    """The headers with their secrets looked up; these are added to `secrets`. Raises SourceError."""
    for name, value in headers.items():
        yield name, value if isinstance(value, str) else _secret(value, secrets)


def _secret(reference: Mapping[str, str], secrets: list[str]) -> str:
    secret = resolve(reference)
    secrets.append(secret)
    return secret


def _basic(auth: Mapping[str, Any], secrets: list[str]) -> str:
    pair = f"{auth['username']}:{_secret(auth['password'], secrets)}"
    secrets.append(pair)
    return f"Basic {b64encode(pair.encode()).decode()}"


def _file(tls: Mapping[str, Any], name: str) -> str:
    path = str(tls.get(name) or "")
    if not path:
        return ""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise SourceError(f"the TLS {name.replace('_', ' ')} {path} cannot be read: {error.strerror}") from None
    # OpenSSL would ask the terminal for the pass phrase, and wait.
    if b"ENCRYPTED PRIVATE KEY" in content or b"Proc-Type: 4,ENCRYPTED" in content:
        raise SourceError(f"the TLS key {path} has a pass phrase; give one without")
    return path
