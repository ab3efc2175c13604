"""The draft of a post-mortem in Markdown, out of what was recorded. The same facts give the same text."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.rules.words import clip, duration, percent

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&])")
_LEADING = re.compile(r"^(\d*)([-+=.)])")
NOTHING = "Nothing is recorded."


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened; `by` is who did it, if somebody did."""

    at: datetime
    what: str
    detail: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What was told over a channel, how often it was tried, and what the receiver answered last."""

    channel: str
    what: str
    state: str
    attempts: int
    answer: str = ""


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step of the runbook that was worked through, and how it ended."""

    text: str
    done: bool
    by: str = ""
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RunDone:
    """A run of a runbook in its version `number`."""

    title: str
    number: int
    steps: Sequence[StepDone]
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    """What a post-mortem is written from. `spent` and `left` are shares of the budget; None where not known."""

    title: str
    number: int
    severity: str
    service: str
    objective: str
    began: datetime
    fired: datetime | None
    ended: datetime | None
    acknowledged: datetime | None
    acknowledged_by: str
    as_of: datetime
    spent: float | None = None
    left: float | None = None
    timeline: Sequence[Entry] = ()
    sheds: Sequence[Entry] = ()
    told: Sequence[Told] = ()
    runs: Sequence[RunDone] = ()
    url: str = ""


def draft(of: Incident) -> str:
    """The text; what only people know is left open as questions."""
    blocks = [
        f"# Post-mortem: {_safe(of.title)}",
        "*Draft, made from what Brownout recorded. Questions in italics are for people to answer.*",
        _facts(of),
        "## Summary",
        "*What happened, in three sentences, for somebody who was not there?*",
        "## Impact",
        _impact(of),
        "*Who noticed, and what could they not do?*",
        "## Timeline",
        _lines(of.timeline),
        "## What was shed",
        _lines(of.sheds) if of.sheds else "Nothing was shed for this alert.",
        "## Who was told",
        _told(of.told),
        *_runs(of.runs),
        "## Causes",
        "*What made it possible? What made it worse? What made it end?*",
        "## What went well, what did not",
        "*Was it noticed in time? Did the runbook help? Did shedding help?*",
        "## Actions",
        "- [ ] *What will be done, by whom, until when?*",
    ]
    return "\n\n".join(blocks) + "\n"


def _facts(of: Incident) -> str:
    rows = [
        ("Alert", f"[{of.number}]({of.url})" if of.url else str(of.number)),
        ("Severity", _safe(of.severity)),
        ("Service", _safe(of.service)),
        ("Objective", _safe(of.objective)),
        ("Began", _instant(of.began)),
        ("Fired", _instant(of.fired) if of.fired else "never"),
        ("Acknowledged", _acknowledged(of)),
        ("Ended", _instant(of.ended) if of.ended else f"not yet, as of {_instant(of.as_of)}"),
        ("Lasted", duration(((of.ended or of.as_of) - of.began).total_seconds())),
    ]
    return "\n".join(
        ["| fact | what it was |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows if value)]
    )


def _acknowledged(of: Incident) -> str:
    if of.acknowledged is None:
        return "by nobody"
    by = f" by {_safe(of.acknowledged_by)}" if of.acknowledged_by else ""
    after = (of.acknowledged - (of.fired or of.began)).total_seconds()
    return f"{_instant(of.acknowledged)}{by}, after {duration(after)}"


def _impact(of: Incident) -> str:
    if not of.objective:
        return "This alert is about no objective, so it has spent no budget."
    spent = "is not known" if of.spent is None else f"was {percent(of.spent)}"
    left = "" if of.left is None else f" At its last judgement {percent(of.left)} of it was left."
    return f"The share of the error budget of {_safe(of.objective)} that this episode cost {spent}.{left}"


def _lines(entries: Iterable[Entry]) -> str:
    return "\n".join(_line(entry) for entry in entries) or NOTHING


def _line(entry: Entry) -> str:
    detail = f": {_safe(entry.detail)}" if entry.detail else ""
    by = f" ({_safe(entry.by)})" if entry.by else ""
    what = entry.what.rstrip(".") if detail else entry.what
    return f"- {entry.at:%Y-%m-%d %H:%M:%S} {_safe(what)}{detail}{by}"


def _told(told: Sequence[Told]) -> str:
    if not told:
        return "Nobody was told."
    rows = (
        f"| {_safe(row.channel)} | {_safe(row.what)} | {_safe(row.state)} | {row.attempts} | {_safe(row.answer)} |"
        for row in told
    )
    return "\n".join(["| channel | what | state | attempts | answer |", "| --- | --- | --- | ---: | --- |", *rows])


def _runs(runs: Iterable[RunDone]) -> Iterator[str]:
    for run in runs:
        yield f"## Runbook: {_safe(run.title)}, version {run.number}"
        yield "\n".join(line for step in run.steps for line in _step(step)) or NOTHING
        if run.outcome:
            yield f"Outcome: {_safe(run.outcome)}"


def _step(step: StepDone) -> Iterator[str]:
    by = f" ({_safe(step.by)})" if step.by else ""
    yield f"- [{'x' if step.done else ' '}] {_safe(step.text)}{by}"
    yield from (f"  - {_safe(note)}" for note in step.notes)


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _safe(text: str) -> str:
    """Words as words: on one line, and nothing in them is Markdown."""
    return _LEADING.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", clip(text, 1_000)))
