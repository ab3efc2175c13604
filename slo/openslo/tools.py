"""The tools whose documents are understood beside our own."""

from collections.abc import Callable
from typing import Any

from slo.openslo import pyrra, sloth
from slo.openslo.foreign import Setting, Translation

Translator = Callable[[Translation, Setting], None]


def translator(value: Any) -> Translator | None:
    """What translates this document; None when it is no other tool's."""
    if not isinstance(value, dict):
        return None
    return next((tool.translate for tool in (sloth, pyrra) if tool.recognized(value)), None)
