"""What people fill in."""

from datetime import datetime, timedelta
from typing import Literal

from django import forms

EXPIRIES = (("15", "15 minutes"), ("60", "1 hour"), ("240", "4 hours"), ("1440", "24 hours"))


def _reason() -> forms.CharField:
    return forms.CharField(
        max_length=500,
        strip=True,
        error_messages={"required": "Say why: the reason is kept in the history."},
    )


class FlagForm(forms.Form):
    """Force a flag on or off until an expiry, or hand it back to the loop."""

    value = forms.ChoiceField(choices=(("on", "on"), ("off", "off"), ("auto", "auto")))
    reason = _reason()
    minutes = forms.TypedChoiceField(
        choices=EXPIRIES, coerce=int, error_messages={"required": "Say when it ends: an override never stays for good."}
    )
    # The flag as the person saw it: a change by somebody faster is not overwritten.
    version = forms.IntegerField(required=False)

    def wanted(self) -> Literal["on", "off", "auto"]:
        value: Literal["on", "off", "auto"] = self.cleaned_data["value"]
        return value

    def until(self, at: datetime) -> datetime:
        return at + timedelta(minutes=self.cleaned_data["minutes"])


class ReasonForm(forms.Form):
    """A reason alone: restoring everything."""

    reason = _reason()


class AcknowledgeForm(forms.Form):
    """A note with an acknowledgement: who is on it, what they do."""

    note = forms.CharField(max_length=2_000, strip=True, required=False)
