"""The actions of a shed step: done in order, undone in reverse, and what the answer to one means for the rest.

An action is a dict: {"kind": "flags" | "webhook" | "banner", "state", "tries", "answer", …}. Its states: "waiting",
"trying" (it may have been done), "done", "undoing", "undone", "refused" (nothing was done), "stuck" (could not be
undone), "would" (a dry run).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

Action = Mapping[str, Any]
Way = Literal["do", "undo"]
Outcome = Literal["accepted", "retry", "refused"]

# A receiver that does not answer is asked so often before the step is taken back, or is left as it is when undoing.
TRIES, UNDO_TRIES = 3, 5
FIRST_WAIT, LONGEST_WAIT = 5, 300

_MAYBE_DONE = ("trying", "done", "undoing")


def to_do(actions: Sequence[Action]) -> int | None:
    """The number of the next action to do; None when all are done."""
    return next((i for i, action in enumerate(actions) if action["state"] in ("waiting", "trying")), None)


def to_undo(actions: Sequence[Action]) -> int | None:
    """The number of the next action to undo, the last one first; None when nothing is left to undo."""
    return max((i for i, action in enumerate(actions) if action["state"] in _MAYBE_DONE), default=None)


def trying(action: Action, way: Way) -> dict[str, Any]:
    """The action as it is kept before it is tried: after a crash it counts as perhaps done."""
    return {**action, "state": "trying" if way == "do" else "undoing"}


def answered(action: Action, way: Way, outcome: Outcome, answer: str) -> dict[str, Any]:
    """The action after an answer. One that was accepted or given up starts counting its tries anew."""
    tries = action.get("tries", 0) + 1
    if outcome == "accepted":
        return {**action, "state": "done" if way == "do" else "undone", "tries": 0, "answer": answer}
    given_up = outcome == "refused" or tries >= (TRIES if way == "do" else UNDO_TRIES)
    if not given_up:
        return {**action, "tries": tries, "answer": answer}
    if way == "undo":
        return {**action, "state": "stuck", "tries": 0, "answer": answer}
    # Nobody who was silent said that nothing was done: that is undone too, as far as it can be.
    return {**action, "state": "refused" if outcome == "refused" else "undoing", "tries": 0, "answer": answer}


def failed(actions: Sequence[Action]) -> Action | None:
    """The action that could not be done, while the step was being taken; None if all went well so far."""
    return next((action for action in actions if action["state"] in ("refused", "undoing")), None)


def wait(tries: int) -> int:
    """Seconds before the next try, after so many."""
    return int(min(LONGEST_WAIT, FIRST_WAIT << min(max(0, tries - 1), 10)))
