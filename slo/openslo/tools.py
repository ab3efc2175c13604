"""What is understood beside our own documents: those of other tools, and what leaves open where it is measured."""

from collections.abc import Callable
from typing import Any

from slo.openslo import pyrra, sloth, unnamed
from slo.openslo.foreign import Setting, Translation

Translator = Callable[[Translation, Setting], None]


def translator(value: Any) -> Translator | None:
    """What translates this document; None when it is ready as it is."""
    if not isinstance(value, dict):
        return None
    return next((tool.translate for tool in (sloth, pyrra, unnamed) if tool.recognized(value)), None)
