"""What is wrong, by the kind of an alert, as a sentence about its title."""

from typing import Literal

State = Literal["firing", "acknowledged", "resolved"]

# While it lasts, and once it is over.
_VERDICTS: dict[str, tuple[str, str]] = {
    "burn": ("{} burns", "{} stopped burning"),
    "no-data": ("{} has no data", "{} has data again"),
    "completeness": ("{} is measured with gaps", "{} is measured without gaps again"),
    "budget": ("the error budget of {} calls for action", "the error budget of {} calls for nothing more"),
    "source": ("the source {} does not answer", "the source {} answers again"),
    "delivery": ("the channel {} does not deliver", "the channel {} delivers again"),
    # Its title is a sentence already: `Shedding of The shop goes to and fro`.
    "shedding": ("{}", "{}: over"),
    "test": ("{} is only being tested", "{} was only being tested"),
}
_OTHER = ("{}", "{} is over")

NAMES: dict[str, str] = {
    "burn": "ErrorBudgetBurn",
    "no-data": "NoData",
    "completeness": "IncompleteData",
    "budget": "ErrorBudgetStep",
    "source": "SourceFailing",
    "delivery": "DeliveryFailing",
    "shedding": "SheddingNeedsAPerson",
    "test": "BrownoutTest",
}
"""The `alertname` of each kind."""


def verdict(kind: str, title: str, state: State) -> str:
    """A short sentence without a capital or a full stop: `Checkout answers burns`."""
    lasting, over = _VERDICTS.get(kind, _OTHER)
    return (over if state == "resolved" else lasting).replace("{}", title)
