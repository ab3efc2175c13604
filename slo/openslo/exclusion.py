"""The spec of Brownout's Exclusion."""

from typing import Self

from pydantic import model_validator

from slo.openslo.schema import Name
from slo.openslo.span import SpanSpec


class ExclusionSpec(SpanSpec):
    """A span that does not count, for one objective or all of a service; with a rule (RRULE) it comes back."""

    objective: Name | None = None
    service: Name | None = None

    @model_validator(mode="after")
    def _of_one_thing(self) -> Self:
        if (self.objective is None) == (self.service is None):
            raise ValueError("needs either objective or service")
        return self
