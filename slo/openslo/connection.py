"""How a source is reached: address, headers, TLS, and secrets by reference, never by value."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from slo.openslo.fields import checked_headers
from slo.openslo.schema import Spec, Url

TENANT = "X-Scope-OrgID"
_REFERENCE = "{fromEnv: NAME} or {fromFile: path}"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
_SECRET = re.compile(r"auth|cookie|token|secret|password|api-?key", re.IGNORECASE)


def _line(text: str) -> str:
    if text.isascii() and text.isprintable() and 0 < len(text) <= 500:
        return text
    raise ValueError("must be printable ASCII on one line")


def _variable(name: str) -> str:
    if _VARIABLE.fullmatch(name):
        return name
    raise ValueError("must be the name of an environment variable, such as PROMETHEUS_TOKEN")


def _user(name: str) -> str:
    if ":" in name:
        raise ValueError("a user name of HTTP holds no colon")
    return name


Line = Annotated[str, AfterValidator(_line)]
"""Printable ASCII on one line."""


class Reference(Spec):
    """Where a secret is found when it is needed: an environment variable or a file."""

    from_env: Annotated[str, AfterValidator(_variable)] | None = None
    from_file: Annotated[str, Field(min_length=1, max_length=1000)] | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.from_env is None) == (self.from_file is None):
            raise ValueError("needs either fromEnv or fromFile")
        return self


def _no_plain_secret(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    raise ValueError(f"a secret is not written into a document; write {_REFERENCE}")


def _text_or_reference(value: Any) -> Any:
    if isinstance(value, str | dict):
        return value
    raise ValueError(f"must be text, or for a secret {_REFERENCE}")


def _headers(headers: Mapping[str, str | Reference]) -> Mapping[str, str | Reference]:
    checked_headers({name: value if isinstance(value, str) else "" for name, value in headers.items()})
    for name, value in headers.items():
        if isinstance(value, str) and _SECRET.search(name):
            raise ValueError(f"{name} is a secret, which is not written into a document; write {_REFERENCE}")
    if len({name.lower() for name in headers}) < len(headers):
        raise ValueError("names a header twice")
    return headers


def _without_password(address: str) -> str:
    if "@" in urlsplit(address).netloc:
        raise ValueError("an address holds no user and password; write basicAuth with a reference to the password")
    return address


Secret = Annotated[Reference, BeforeValidator(_no_plain_secret)]
"""A secret by reference; the value itself is refused."""

_Value = Annotated[
    Annotated[str, Tag("text")] | Annotated[Reference, Tag("reference")],
    Discriminator(lambda value: "text" if isinstance(value, str) else "reference"),
    BeforeValidator(_text_or_reference),
]

SecretHeaders = Annotated[dict[str, _Value], AfterValidator(_headers)]
"""HTTP headers: text as it is, secrets by reference; one whose name tells a secret takes a reference only."""

Address = Annotated[Url, AfterValidator(_without_password)]
"""An http or https address without user and password."""


AddressOrSecret = Annotated[
    Annotated[Address, Tag("text")] | Annotated[Reference, Tag("reference")],
    Discriminator(lambda value: "text" if isinstance(value, str) else "reference"),
    BeforeValidator(_text_or_reference),
]
"""An http or https address without user and password; by reference, where the address itself is a secret."""


class BasicAuth(Spec):
    username: Annotated[Line, AfterValidator(_user)]
    password: Secret


class Tls(Spec):
    """Whose certificates are believed, and which one is shown."""

    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    insecure_skip_verify: bool = False

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if self.key_file and not self.cert_file:
            raise ValueError("keyFile belongs to a certFile")
        if self.insecure_skip_verify and self.ca_file:
            raise ValueError("caFile means nothing with insecureSkipVerify; leave one of them out")
        return self


class Connection(Spec):
    """What every source that is reached over HTTP may say."""

    headers: SecretHeaders = {}
    bearer_token: Secret | None = None
    basic_auth: BasicAuth | None = None
    tenant: Line | None = None
    tls: Tls | None = None

    @model_validator(mode="after")
    def _once(self) -> Self:
        given = {name.lower() for name in self.headers}
        if (self.bearer_token is not None) + (self.basic_auth is not None) + ("authorization" in given) > 1:
            raise ValueError("needs only one of bearerToken, basicAuth and the header Authorization")
        if self.tenant is not None and TENANT.lower() in given:
            raise ValueError(f"tenant is the header {TENANT}; leave one of them out")
        return self
