"""What people fill in to tell the public of an incident."""

from django import forms

from degradation.models import Incident
from degradation.services.incidents import LONGEST_TEXT, LONGEST_TITLE

IMPACTS = (
    ("minor", "Minor: works with limits"),
    ("major", "Major: partly not available"),
    ("critical", "Critical: not available"),
    ("none", "None: only to tell"),
    ("maintenance", "Maintenance"),
)
STATES = tuple((state.value, state.label) for state in Incident.State)


class UpdateForm(forms.Form):
    """What is known by now; `alert` is the page to go back to."""

    text = forms.CharField(
        max_length=LONGEST_TEXT,
        error_messages={"required": "Say what is known, in words for users."},
    )
    state = forms.ChoiceField(choices=STATES, error_messages={"required": "Choose a state."})
    alert = forms.IntegerField(required=False, min_value=1, max_value=2**62)


class IncidentForm(UpdateForm):
    """A new incident; the capabilities it concerns are checked where it is opened."""

    title = forms.CharField(
        max_length=LONGEST_TITLE, error_messages={"required": "Give it a title, in words for users."}
    )
    impact = forms.ChoiceField(choices=IMPACTS, error_messages={"required": "Choose an impact."})
