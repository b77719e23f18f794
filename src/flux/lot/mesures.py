"""What a stage took: seconds, and the most memory that the process held meanwhile."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc/self")  # Linux alone tells the peak of a moment, and not only of a process's life
MO = 1024  # kB


class Chronometre:
    """Seconds of each stage, and the peak of memory since it was started."""

    def __init__(self) -> None:
        with suppress(OSError):
            (PROC / "clear_refs").write_text("5", encoding="ascii")  # the peak starts from here
        self.secondes: dict[str, float] = {}
        self._last = time.perf_counter()

    def stage(self, nom: str) -> None:
        """One stage is done."""
        now = time.perf_counter()
        self.secondes[nom] = round(now - self._last, 3)
        self._last = now

    def to_dict(self) -> dict[str, object]:
        """JSON-able; `memoire_mo` is absent where the system does not tell it."""
        return {"secondes": self.secondes, "memoire_mo": peak()}


def peak() -> int | None:
    """Megabytes, at most, in memory; of the whole life of the process elsewhere than on Linux."""
    with suppress(OSError):
        for line in (PROC / "status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM"):
                return round(int(line.split()[1]) / MO)
    with suppress(ImportError):
        import resource
        import sys

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return round(most / (MO * MO if sys.platform == "darwin" else MO))
    return None
