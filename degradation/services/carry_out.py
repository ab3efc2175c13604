"""Carry out the actions of shed steps beside their flags: in order, undone in reverse, and across crashes.

Flags are set in the transaction of the decision; everything else waits for its turn here, outside of the tick and of
any transaction. Whoever takes a step holds a lease on it, and writes down each action before it is tried and after it
was answered, so that another goes on where a killed one stopped: an action may be tried twice, under the same key.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from alerts.channels.base import Answer
from degradation.errors import ConflictError
from degradation.models import Flag, Shedding, ShedStep
from degradation.rules import saga
from degradation.rules.saga import Way
from degradation.rules.shedding import Decision, Policy, State, withdrawn
from degradation.rules.value import ALL
from degradation.services import banners, steps, webhooks
from degradation.services.changes import keep
from degradation.services.marks import mark
from slo.maths.windows import to_epoch

log = logging.getLogger(__name__)
Step = ShedStep.State
BUSY = (Step.DOING, Step.UNDOING, Step.COMPENSATING)
LEASE = timedelta(seconds=60)
# No more calls than this in one run: what is left is due again in a moment.
MOST = 10


def carry_out(at: datetime, boundary: Callable[[str], object] = str) -> int:
    """Do or undo what is due. Returns the number of actions tried. `boundary` is told where it is, for tests."""
    tried = 0
    for step in _due(at):
        try:
            while tried < MOST and _advance(step, at, boundary):
                tried += 1
        except ConflictError:
            log.info("Somebody else goes on with %s", step)
        except Exception:
            # One step that fails does not hold up the others; its lease runs out, and it is tried again.
            log.exception("An action of %s failed", step)
    return tried


def _due(at: datetime) -> list[ShedStep]:
    """Steps with something to do, the oldest first; of one tier of a service only the oldest: order is kept."""
    free = Q(leased_until=None) | Q(leased_until__lte=at)
    busy = ShedStep.objects.filter(state__in=BUSY).select_related("service").order_by("pk")
    first: dict[tuple[int, int], ShedStep] = {}
    for step in busy:
        first.setdefault((step.service_id, step.tier), step)
    ready = busy.filter(free).filter(Q(due_at=None) | Q(due_at__lte=at)).values_list("pk", flat=True)
    return [step for step in first.values() if step.pk in set(ready)]


def _advance(step: ShedStep, at: datetime, boundary: Callable[[str], object]) -> bool:
    """Try one action. Returns whether there may be another one to try at once."""
    way: Way = "do" if step.state == Step.DOING else "undo"
    number = saga.to_do(step.actions) if way == "do" else saga.to_undo(step.actions)
    if number is None:
        _finish(step)
        return False
    if step.actions[number]["kind"] == "flags":
        _take_back(step, at)
        return False
    _write(step, number, saga.trying(step.actions[number], way), leased_until=at + LEASE)
    boundary(f"before {way} {number}")
    answer = _act(step, number, way, at)
    boundary(f"after {way} {number}")
    _answered(step, number, way, answer, at)
    boundary(f"kept {way} {number}")
    return answer.outcome != "retry" or step.state == Step.COMPENSATING


def _act(step: ShedStep, number: int, way: Way, at: datetime) -> Answer:
    action = step.actions[number]
    if action["kind"] == "banner":
        return _banner(step, action["banner"]["text"], way, at)
    key = f"brownout-{step.pk}-{number}-{way}"
    return webhooks.call(action["webhook"], undo=way == "undo", payload=_payload(step, way, at), key=key, at=at)


def _banner(step: ShedStep, text: str, way: Way, at: datetime) -> Answer:
    cause = f"step {step.pk}"
    if way == "do":
        banners.put_up(text, reason=step.reason[:500], at=at, by="loop", cause=cause)
        return Answer("accepted", "it is up")
    banners.take_down_of(cause, reason=step.ended_reason or "the step was taken back", at=at)
    return Answer("accepted", "it is down")


def _payload(step: ShedStep, way: Way, at: datetime) -> dict[str, Any]:
    return {
        "event": "shed" if way == "do" else "restored",
        "service": step.service.name,
        "tier": step.tier,
        "flags": step.flags,
        "objective": step.objective,
        "reason": step.reason,
        "step": step.pk,
        "at": at.isoformat(),
    }


def _answered(step: ShedStep, number: int, way: Way, answer: Answer, at: datetime) -> None:
    action = saga.answered(step.actions[number], way, answer.outcome, answer.text)
    fields: dict[str, Any] = {"leased_until": None, "due_at": None}
    if answer.outcome == "retry" and action["tries"]:
        fields["due_at"] = at + timedelta(seconds=saga.wait(action["tries"]))
    if way == "do" and action["state"] in ("refused", "undoing"):
        fields["state"] = Step.COMPENSATING
        fields["ended_reason"] = f"the {action['kind']} could not be done: {answer.text}"
    _write(step, number, action, **fields)


def _write(step: ShedStep, number: int, action: Mapping[str, Any], **fields: Any) -> None:
    """Write down an action; raises ConflictError when the step has changed, because its tier came back, say."""
    actions = [*step.actions[:number], dict(action), *step.actions[number + 1 :]]
    steps.update(step, {"actions": actions, **fields})


def _finish(step: ShedStep) -> None:
    done = {Step.DOING: Step.STANDING, Step.UNDOING: Step.UNDONE, Step.COMPENSATING: Step.COMPENSATED}
    steps.update(step, {"state": done[Step(step.state)], "leased_until": None, "due_at": None})


def _take_back(step: ShedStep, at: datetime) -> None:
    """The last compensation: the flags come back, and the tier is not tried again for a while."""
    row = Shedding.objects.select_related("policy", "service").get(service=step.service)
    policy = Policy.of(row.policy.spec) if row.policy else Policy()
    flags = list(Flag.objects.filter(service=step.service))
    state = withdrawn(State.of(row.state), policy, step.tier, to_epoch(at))
    reason = f"taken back: {step.ended_reason}"
    with transaction.atomic():
        keep(row, state, at, f"tier {step.tier} was {reason}")
        mark(flags, Decision("revert", state, reason, step.tier, share=ALL), at)
        steps.end(step, flags, at, reason)
