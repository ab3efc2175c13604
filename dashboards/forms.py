"""What people fill in."""

import re
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django import forms

from alerts.rules.runbook import FAILURE, LONGEST
from alerts.services.runbooks import Wording

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
    """Force a flag on, off or to a share until an expiry, or hand it back to the loop."""

    value = forms.ChoiceField(choices=(("on", "on"), ("off", "off"), ("share", "share"), ("auto", "auto")))
    share = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=100,
        error_messages={"min_value": "A share is from 0 to 100 %.", "max_value": "A share is from 0 to 100 %."},
    )
    reason = _reason()
    minutes = forms.TypedChoiceField(
        choices=EXPIRIES, coerce=int, error_messages={"required": "Say when it ends: an override never stays for good."}
    )
    # The flag as the person saw it: a change by somebody faster is not overwritten.
    version = forms.IntegerField(required=False)

    def clean(self) -> None:
        if self.cleaned_data.get("value") == "share" and self.cleaned_data.get("share") is None:
            raise forms.ValidationError("Say for what percentage of users.")

    def wanted(self) -> Literal["on", "off", "auto"] | int:
        value: Literal["on", "off", "auto", "share"] = self.cleaned_data["value"]
        return int(self.cleaned_data["share"]) if value == "share" else value

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


class SwitchForm(forms.Form):
    """Automatic shedding: off, on, or a dry run."""

    MODES = {"off": (False, False), "on": (True, False), "dry-run": (False, True)}

    mode = forms.ChoiceField(choices=[(mode, mode) for mode in MODES])
    reason = _reason()
    version = forms.IntegerField(required=False)

    def wanted(self) -> tuple[bool, bool]:
        """(automatic, dry run)"""
        return self.MODES[self.cleaned_data["mode"]]


class DrillForm(forms.Form):
    """Exercise a tier of a service for a few users and minutes."""

    service = forms.SlugField(max_length=200)
    tier = forms.IntegerField(min_value=2, max_value=4)
    share = forms.IntegerField(min_value=1, max_value=50)
    minutes = forms.IntegerField(min_value=1, max_value=240)
    reason = _reason()


class BannerForm(forms.Form):
    """A sentence for users, for some minutes or until it is taken down."""

    text = forms.CharField(
        max_length=500, strip=True, error_messages={"required": "Say what users shall read in the banner."}
    )
    reason = _reason()
    minutes = forms.TypedChoiceField(choices=(("", "until it is taken down"), *EXPIRIES), coerce=int, required=False)

    def until(self, at: datetime) -> datetime | None:
        minutes = self.cleaned_data["minutes"]
        return at + timedelta(minutes=minutes) if minutes else None


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


class RunbookForm(forms.Form):
    """A runbook as somebody writes it; `seen` is the version they had before their eyes, 0 for a new one."""

    name = forms.SlugField(
        max_length=100,
        error_messages={
            "required": "Give it a name for its address.",
            "invalid": "The name is for addresses: letters, digits, hyphens and underscores.",
        },
    )
    title = forms.CharField(max_length=200, error_messages={"required": "Give it a title."})
    severity = forms.CharField(max_length=20, required=False)
    owner = forms.CharField(max_length=200, required=False)
    origin = forms.CharField(max_length=500, required=False)
    covers = forms.CharField(max_length=2_000, required=False)
    body = forms.CharField(
        max_length=LONGEST,
        strip=False,
        error_messages={
            "required": "Write what to do.",
            "max_length": f"The text is longer than {LONGEST:,} characters.",
        },
    )
    comment = forms.CharField(
        max_length=500, error_messages={"required": "Say why it changes: the reason is kept in the history."}
    )
    seen = forms.IntegerField(min_value=0, error_messages={"required": "Open the page again: the version is missing."})
    despite_file = forms.BooleanField(required=False)

    def clean_covers(self) -> list[str]:
        refs = self.cleaned_data["covers"].replace(",", " ").split()
        for ref in refs:
            if not re.match(FAILURE, ref):
                raise forms.ValidationError(f"{ref} is no failure mode: write component/orders or capability/faq.")
        return list(dict.fromkeys(refs))

    def clean_body(self) -> str:
        # Browsers send carriage returns; files have none.
        return str(self.cleaned_data["body"]).replace("\r\n", "\n").strip() + "\n"

    def wording(self) -> Wording:
        """What was written, without who and why."""
        names = ("title", "body", "severity", "owner", "origin", "covers")
        return Wording(**{name: self.cleaned_data[name] for name in names})


class StartForm(forms.Form):
    """For which alert a runbook is worked through; none for an exercise."""

    alert = forms.IntegerField(required=False, min_value=1)


class TickForm(forms.Form):
    """A step that is done, is not done after all, or is only said something about."""

    step = forms.CharField(max_length=40, required=False)
    done = forms.TypedChoiceField(
        choices=(("", ""), ("1", "done"), ("0", "not done")),
        coerce=lambda value: value == "1",
        empty_value=None,
        required=False,
    )
    note = forms.CharField(max_length=2_000, strip=True, required=False)


class OutcomeForm(forms.Form):
    """What came of a run."""

    outcome = forms.CharField(max_length=2_000, strip=True, required=False)


class AcknowledgeForm(forms.Form):
    """A note with an acknowledgement: who is on it, what they do."""

    note = forms.CharField(max_length=2_000, strip=True, required=False)


class SilenceForm(forms.Form):
    """What nobody wants to hear of, from when, and for how long or until when; once, or again and again."""

    LENGTHS = (("60", "1 hour"), ("120", "2 hours"), ("240", "4 hours"), ("480", "8 hours"), ("1440", "24 hours"))

    matchers = forms.CharField(
        max_length=4_000, strip=True, error_messages={"required": 'Say which alerts, as in service="orders".'}
    )
    start = forms.DateTimeField(required=False, error_messages={"invalid": "From is no date with time."})
    minutes = forms.TypedChoiceField(choices=LENGTHS, coerce=int, required=False, empty_value=None)
    end = forms.DateTimeField(required=False, error_messages={"invalid": "Until is no date with time."})
    time_zone = forms.CharField(max_length=64, empty_value="UTC", required=False)
    repeats = forms.ChoiceField(choices=REPEATS, required=False)
    rule = forms.CharField(max_length=300, required=False)
    reason = _reason()

    clean_time_zone = ExclusionForm.clean_time_zone

    def clean(self) -> dict[str, Any]:
        if not self.cleaned_data.get("minutes") and not self.cleaned_data.get("end"):
            raise forms.ValidationError("Say for how long, or until when: a silence never stays for good.")
        return self.cleaned_data

    def wanted(self, at: datetime) -> dict[str, Any]:
        """The fields of a silence; from `at` on unless the form says otherwise."""
        data = self.cleaned_data
        zone: ZoneInfo = data["time_zone"]
        start = data["start"].replace(tzinfo=zone) if data["start"] else at.replace(microsecond=0)
        end = data["end"].replace(tzinfo=zone) if data["end"] else start + timedelta(minutes=data["minutes"])
        return {
            "matchers": [data["matchers"]],
            "start": start.isoformat(),
            "end": end.isoformat(),
            "rule": data["rule"] or data["repeats"],
            "time_zone": zone.key,
            "reason": data["reason"],
        }


class EndForm(forms.Form):
    """Why a silence ends; of one that comes back only this occurrence, or the whole of it."""

    reason = _reason()
    whole = forms.BooleanField(required=False)
