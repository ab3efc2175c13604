"""What a silence says, in documents, over JSON and on the page alike."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from alerts.rules.matchers import MOST_MATCHERS, is_empty, parse_all, written
from slo.errors import CatalogError, DefinitionError
from slo.openslo.schema import checked
from slo.openslo.sentences import faults
from slo.openslo.span import SpanSpec

LONGEST = timedelta(days=366)


def _conditions(texts: list[str]) -> list[str]:
    matchers = checked(parse_all, texts)
    if len(matchers) > MOST_MATCHERS:
        raise ValueError(f"there can be at most {MOST_MATCHERS} matchers")
    if is_empty(matchers):
        raise ValueError('these match every alert there is: name at least one label, as in service="orders"')
    return [written([matcher]) for matcher in matchers]


class SilenceSpec(SpanSpec):
    """Alerts whose labels fulfil all `matchers` are not told of for a span; with a rule (RRULE) it comes back."""

    matchers: Annotated[list[str], Field(min_length=1, max_length=MOST_MATCHERS), AfterValidator(_conditions)]

    @model_validator(mode="after")
    def _is_not_for_ever(self) -> Self:
        if timedelta(seconds=self.seconds) > LONGEST:
            raise ValueError("a silence lasts at most 366d: what nobody wants to hear of at all needs no alert")
        return self

    def fields(self) -> dict[str, Any]:
        """What it means for the row."""
        return {
            "matchers": self.matchers,
            "start": self.start,
            "end": self.until,
            "rule": self.rule,
            "zone": self.time_zone,
            "reason": self.reason,
        }


def read(wanted: Mapping[str, Any]) -> SilenceSpec:
    """The spec that the fields of a Silence document make. Raises CatalogError with every fault."""
    try:
        return SilenceSpec.model_validate(dict(wanted))
    except ValidationError as error:
        found = faults(error, SilenceSpec, dict.fromkeys(wanted, 0))
        raise CatalogError([DefinitionError(sentence, field=path) for path, sentence in found]) from None
