"""A channel that keeps what it is told and answers as it is told: for tests and trials."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from alerts.channels import registry
from alerts.channels.base import Answer
from alerts.rules.bundle import Bundle
from slo.openslo.schema import Spec

ACCEPTED = Answer("accepted", "200 OK")


class FakeSpec(Spec):
    """A fake needs nothing."""


class Fake:
    """Every bundle goes to `sent`; `answers` are given in turn, then `ACCEPTED`."""

    spec: ClassVar[type[Spec]] = FakeSpec
    remind: ClassVar[timedelta | None] = None
    lasting: ClassVar[bool] = False
    sent: ClassVar[list[Bundle]]
    answers: ClassVar[list[Answer | Exception]]

    @classmethod
    def build(cls, _spec: Any) -> Self:
        return cls()

    def send(self, bundle: Bundle, at: datetime) -> Answer:
        self.sent.append(bundle)
        given = self.answers.pop(0) if self.answers else ACCEPTED
        if isinstance(given, Exception):
            raise given
        return given

    def close(self) -> None:
        """Nothing to let go of."""


@contextmanager
def installed(*answers: Answer | Exception, remind: timedelta | None = None) -> Iterator[type[Fake]]:
    """Channels of kind `fake` exist inside this block; gives the class that collects what they are told."""
    own = type("Installed", (Fake,), {"sent": [], "answers": list(answers), "remind": remind})
    with registry.extended("fake", own):
        yield own
