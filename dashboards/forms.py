"""What people fill in."""

from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django import forms

REPEATS = (
    ("", "once"),
    ("FREQ=DAILY", "every day"),
    ("FREQ=WEEKLY", "every week, on that weekday"),
    ("FREQ=MONTHLY", "every month, on that day"),
)
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


class CircuitForm(forms.Form):
    """Force a circuit open or closed until an expiry, or let it follow the traffic."""

    state = forms.ChoiceField(choices=(("open", "open"), ("closed", "closed"), ("auto", "auto")))
    reason = _reason()
    minutes = forms.TypedChoiceField(
        choices=EXPIRIES, coerce=int, error_messages={"required": "Say when it ends: a force never stays for good."}
    )
    version = forms.IntegerField(required=False)

    def phase(self) -> Literal["forced open", "forced closed"]:
        return "forced open" if self.cleaned_data["state"] == "open" else "forced closed"

    def until(self, at: datetime) -> datetime:
        return at + timedelta(minutes=self.cleaned_data["minutes"])


class ReasonForm(forms.Form):
    """A reason alone: restoring everything."""

    reason = _reason()


class ExclusionForm(forms.Form):
    """A span that does not count, in the wall-clock time of a zone; once, or again and again."""

    start = forms.DateTimeField(error_messages={"required": "Say from when.", "invalid": "From is no date with time."})
    end = forms.DateTimeField(error_messages={"required": "Say until when.", "invalid": "Until is no date with time."})
    time_zone = forms.CharField(max_length=64, empty_value="UTC", required=False)
    repeats = forms.ChoiceField(choices=REPEATS, required=False)
    rule = forms.CharField(max_length=300, required=False)
    whole_service = forms.BooleanField(required=False)
    reason = _reason()

    def clean_time_zone(self) -> ZoneInfo:
        name: str = self.cleaned_data["time_zone"]
        try:
            return ZoneInfo(name)
        except (OSError, ValueError, KeyError):
            raise forms.ValidationError("There is no such time zone; write it as Europe/Berlin or UTC.") from None

    def wanted(self) -> dict[str, Any]:
        """The fields of an exclusion, without what it is of."""
        data = self.cleaned_data
        zone: ZoneInfo = data["time_zone"]
        return {
            "start": data["start"].replace(tzinfo=zone).isoformat(),
            "end": data["end"].replace(tzinfo=zone).isoformat(),
            "rule": data["rule"] or data["repeats"],
            "time_zone": zone.key,
            "reason": data["reason"],
        }


class AcknowledgeForm(forms.Form):
    """A note with an acknowledgement: who is on it, what they do."""

    note = forms.CharField(max_length=2_000, strip=True, required=False)
