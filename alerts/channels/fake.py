"""A channel that keeps what it is told and answers as it is told: for tests and trials."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from alerts.channels import registry
from alerts.channels.base import Answer
from alerts.rules.message import Message
from alerts.rules.notice import Notice
from slo.openslo.schema import Spec

ACCEPTED = Answer("accepted", "200 OK")


class FakeSpec(Spec):
    """A fake needs nothing."""


class Fake:
    """Every message goes to `sent`, every notice to `notices`; `answers` are given in turn, then `ACCEPTED`."""

    spec: ClassVar[type[Spec]] = FakeSpec
    remind: ClassVar[timedelta | None] = None
    sent: ClassVar[list[Message]]
    notices: ClassVar[list[Notice]]
    answers: ClassVar[list[Answer | Exception]]

    @classmethod
    def build(cls, _spec: Any) -> Self:
        return cls()

    def send(self, message: Message | Notice, at: datetime) -> Answer:
        if isinstance(message, Notice):
            self.notices.append(message)
        else:
            self.sent.append(message)
        given = self.answers.pop(0) if self.answers else ACCEPTED
        if isinstance(given, Exception):
            raise given
        return given

    def close(self) -> None:
        """Nothing to let go of."""


@contextmanager
def installed(*answers: Answer | Exception, remind: timedelta | None = None) -> Iterator[type[Fake]]:
    """Channels of kind `fake` exist inside this block; gives the class that collects what they are told."""
    own = type("Installed", (Fake,), {"sent": [], "notices": [], "answers": list(answers), "remind": remind})
    with registry.extended("fake", own):
        yield own
