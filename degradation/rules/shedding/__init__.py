"""When to shed the next tier of a service's flags and when to bring one back, without flapping.

Starting values and their reasons: FACTS, "Shedding without flapping". Instants are whole seconds since the epoch.
"""

from degradation.rules.shedding.decide import Action, Decision, Verdict, decide, released, withdrawn
from degradation.rules.shedding.pace import dwell, flapping
from degradation.rules.shedding.policy import Policy
from degradation.rules.shedding.signals import Burn, Effect, Signals
from degradation.rules.shedding.state import FIRST, NOTHING, Entry, State, Trial

__all__ = [
    "FIRST",
    "NOTHING",
    "Action",
    "Burn",
    "Decision",
    "Effect",
    "Entry",
    "Policy",
    "Signals",
    "State",
    "Trial",
    "Verdict",
    "decide",
    "dwell",
    "flapping",
    "released",
    "withdrawn",
]
