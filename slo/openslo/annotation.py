"""What an annotation may say."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from slo.openslo.schema import Instant, Name, Spec, Url

LONGEST_LINK = 1_000


def _line(text: str) -> str:
    line = " ".join(text.split())
    if not line or not line.isprintable():
        raise ValueError("must be a line of text")
    return line


class AnnotationSpec(Spec):
    """Something that happened at an instant, or from there until another; of an objective, a service, or everything."""

    kind: Name
    objective: Name | None = None
    service: Name | None = None
    at: Instant
    until: Instant | None = None
    text: Annotated[str, Field(max_length=500), AfterValidator(_line)]
    link: Url | None = None
    key: Annotated[str, Field(min_length=1, max_length=100)] | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.objective is not None and self.service is not None:
            raise ValueError("needs objective or service, or neither for everything")
        if self.until is not None and self.until <= self.at:
            raise ValueError("until must be after at")
        if self.link is not None and len(self.link) > LONGEST_LINK:
            raise ValueError(f"a link has at most {LONGEST_LINK} characters")
        return self
