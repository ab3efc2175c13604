"""E-mail over the SMTP server of the settings. The messages of one alert form a thread."""

import hashlib
import smtplib
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.validators import validate_email
from pydantic import AfterValidator, Field

from alerts.channels.base import Answer, answer
from alerts.channels.email_html import html
from alerts.rules.bundle import Bundle
from alerts.rules.words import clip
from slo.openslo.schema import Spec

SUBJECT_LENGTH, HEADER_LENGTH = 140, 300


def _valid(address: str) -> str:
    try:
        validate_email(address)
    except ValidationError:
        raise ValueError("must be an e-mail address such as team@example.com") from None
    return address


Address = Annotated[str, AfterValidator(_valid)]


class EmailSpec(Spec):
    to: list[Address] = Field(min_length=1)


class Email:
    spec: ClassVar[type[Spec]] = EmailSpec
    remind: ClassVar[timedelta | None] = None
    lasting: ClassVar[bool] = False

    def __init__(self, to: list[str]) -> None:
        self._to = to

    @classmethod
    def build(cls, spec: EmailSpec) -> Self:
        return cls(spec.to)

    def send(self, bundle: Bundle, at: datetime) -> Answer:
        mail = compose(bundle, self._to)
        try:
            with get_connection() as connection:
                mail.connection = connection
                mail.send()
        except (OSError, smtplib.SMTPException) as error:
            return trouble(error)
        return answer("accepted", f"Handed to the mail server for {', '.join(self._to)}")

    def close(self) -> None:
        """Each message has its own connection."""


def compose(bundle: Bundle, to: list[str]) -> EmailMultiAlternatives:
    """The mail, as text and as HTML.

    Its Message-ID comes from the bundle's key, so mail programs show a repetition once; all mails of an episode answer
    one that never was, so they form a thread.
    """
    headers = {
        "Message-ID": _id(bundle.key),
        "In-Reply-To": _id(bundle.episode),
        "References": _id(bundle.episode),
        "X-Brownout-Key": clip(bundle.key, HEADER_LENGTH),
        "Auto-Submitted": "auto-generated",
    }
    text = f"{bundle.summary}\n\n{bundle.text}\n"
    mail = EmailMultiAlternatives(clip(bundle.summary, SUBJECT_LENGTH), _sendable(text), None, to, headers=headers)
    mail.attach_alternative(_sendable(html(bundle)), "text/html")
    return mail


def _sendable(text: str) -> str:
    """The text without halves of characters, which no encoding takes."""
    return text.encode("utf-8", "replace").decode()


def _id(key: str) -> str:
    return f"<{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()[:40]}@brownout>"


def trouble(error: OSError | smtplib.SMTPException) -> Answer:
    """What a mail server's error means for the message."""
    codes = _codes(error)
    said = f"The mail server did not take it: {type(error).__name__} {' '.join(map(str, codes))}"
    # A wrong password is an error of the settings, not of the message: it may be right at the next attempt.
    final = codes and all(code >= 500 for code in codes) and not isinstance(error, smtplib.SMTPAuthenticationError)
    if isinstance(error, TimeoutError):
        said = "The mail server did not answer in time"
    elif isinstance(error, ConnectionRefusedError):
        said = "The mail server refused the connection"
    return answer("refused" if final else "retry", said)


def _codes(error: Exception) -> list[int]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return [code for code, _ in error.recipients.values()]
    return [error.smtp_code] if isinstance(error, smtplib.SMTPResponseException) else []
