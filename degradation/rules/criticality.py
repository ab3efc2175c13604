"""How critical a feature is, in the classes of the SRE book (chapter 21): a class is shed once all lower ones are."""

from typing import Literal

Criticality = Literal["CRITICAL_PLUS", "CRITICAL", "SHEDDABLE_PLUS", "SHEDDABLE"]

# A tier's own class. CRITICAL_PLUS in any tier means: never by itself; so the classes never contradict the tiers.
OF_TIER: dict[int, Criticality] = {1: "CRITICAL_PLUS", 2: "CRITICAL", 3: "SHEDDABLE_PLUS", 4: "SHEDDABLE"}


def usual(tier: int) -> Criticality:
    """The class of a flag of that tier that names none."""
    return OF_TIER[tier]


def contradiction(criticality: Criticality, tier: int) -> str:
    """Why a flag of that tier cannot be of that class; empty when it can."""
    if criticality in ("CRITICAL_PLUS", OF_TIER[tier]):
        return ""
    return f"tier {tier} is {OF_TIER[tier]}, or CRITICAL_PLUS for what is never shed by itself; choose its tier"


def sheddable(criticality: str, tier: int) -> bool:
    """May the loop shed it by itself?"""
    return tier > 1 and criticality != "CRITICAL_PLUS"
