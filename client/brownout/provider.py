"""The OpenFeature provider."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from openfeature.evaluation_context import EvaluationContext
from openfeature.event import ProviderEventDetails
from openfeature.exception import FlagNotFoundError, ProviderNotReadyError, TypeMismatchError
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType, Reason
from openfeature.provider import AbstractProvider, Metadata

from brownout.flags import Flags, Settings
from brownout.snapshot import Known


class BrownoutProvider(AbstractProvider):
    """Flags from Brownout. An evaluation is a look into memory: it never waits for the network, a disk or a lock.

    `file` keeps the last good answer over restarts. `first_wait` is how long setting the provider may wait for the
    first answer, in seconds. The other options are those of `Settings`. Raises ValueError for options without sense.
    """

    def __init__(
        self, url: str, token: str, *, file: str | Path | None = None, first_wait: float = 1.0, **options: Any
    ) -> None:
        super().__init__()
        settings = Settings(url, token, file=Path(file) if file else None, **options)
        self.flags = Flags(settings, self._changed)
        self._first_wait = first_wait

    def get_metadata(self) -> Metadata:
        return Metadata(name="Brownout")

    def initialize(self, evaluation_context: EvaluationContext) -> None:
        """Begin to ask. Without an answer in time the provider is ready all the same, with what it kept."""
        self.flags.start(self._first_wait)

    def shutdown(self) -> None:
        self.flags.stop()

    def resolve_boolean_details(
        self,
        flag_key: str,
        default_value: bool,  # noqa: FBT001 - the signature is OpenFeature's
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[bool]:
        return self._resolve(flag_key, (bool,), evaluation_context)

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        return self._resolve(flag_key, (str,), evaluation_context)

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        return self._resolve(flag_key, (int,), evaluation_context)

    def resolve_float_details(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        found = self._resolve(flag_key, (float, int), evaluation_context)
        found.value = float(found.value)
        return found

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Sequence[FlagValueType] | Mapping[str, FlagValueType],
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Sequence[FlagValueType] | Mapping[str, FlagValueType]]:
        return self._resolve(flag_key, (dict, list), evaluation_context)

    def _resolve(
        self, key: str, types: tuple[type, ...], context: EvaluationContext | None
    ) -> FlagResolutionDetails[Any]:
        snapshot = self.flags.snapshot
        if snapshot is None:
            raise ProviderNotReadyError("Brownout has not been heard yet, and no file tells of earlier")
        known = snapshot.flags.get(key)
        if known is None:
            raise FlagNotFoundError(f"Brownout knows no flag {key!r}")
        found = self._lost(known) if self.flags.stale else _details(known, context)
        # A truth value is a whole number to Python, but not to OpenFeature.
        if not isinstance(found.value, types) or (isinstance(found.value, bool) and bool not in types):
            raise TypeMismatchError(f"{key} is of the type {type(found.value).__name__}")
        return found

    def _lost(self, known: Known) -> FlagResolutionDetails[Any]:
        """Too long without news: the safe value where the server has told it, else the application's default."""
        words = f"Brownout was not heard for {self.flags.age():.0f} s"
        safe = known.metadata.get("safe")
        if not isinstance(safe, bool):
            raise ProviderNotReadyError(words)
        metadata = {**known.metadata, "stale": True, "cause": f"{words}: the safe value"}
        return FlagResolutionDetails(safe, reason=Reason.STALE, variant="on" if safe else "off", flag_metadata=metadata)

    def _changed(self, keys: frozenset[str]) -> None:
        self.emit_provider_configuration_changed(ProviderEventDetails(flags_changed=sorted(keys)))


def _details(known: Known, context: EvaluationContext | None) -> FlagResolutionDetails[Any]:
    value, variant = known.value_for((context.targeting_key or "") if context else "")
    return FlagResolutionDetails(
        value, reason=Reason(known.reason), variant=variant, flag_metadata=dict(known.metadata)
    )
