"""Brownout for applications: flags that are there when they are needed, also when Brownout is not."""

from brownout.circuits import report_circuits
from brownout.flags import Flags, Settings
from brownout.http import TroubleError
from brownout.provider import BrownoutProvider
from brownout.snapshot import Known, Snapshot

__all__ = ["BrownoutProvider", "Flags", "Known", "Settings", "Snapshot", "TroubleError", "report_circuits"]
