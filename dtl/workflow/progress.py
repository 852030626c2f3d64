"""How far a run is: read off what Snakemake says, shown on the terminal or one line per stage, kept as a file."""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from dtl.workflow import digests
from dtl.workflow.stages import STAGES

FINISHED = re.compile(r"^Finished jobid: \d+ \(Rule: (\w+)\)")
STEPS = re.compile(r"^(\d+) of (\d+) steps")
STARTED = re.compile(r"^(?:local)?(?:rule|checkpoint) (\w+):")
FAILED = re.compile(r"^Error in rule (\w+)")


class Progress:
    """Counts jobs by stage from the lines of Snakemake's log.

    With ``more`` the groups are not known yet: until the first of their jobs starts, all jobs are not counted.
    """

    def __init__(self, path: Path, *, more: bool = False):
        self.path, self.out = path, sys.stdout
        self.terminal = self.out.isatty()
        self.begun = self.since = time.monotonic()
        self.started: Counter[str] = Counter()
        self.finished: Counter[str] = Counter()
        self.failed: list[str] = []
        self.steps = (0, 0)
        self.more = more
        self._times: dict[str, tuple[float, float]] = {}
        self._told: Counter[str] = Counter()

    def follow(self, lines: Iterable[str], log: TextIO) -> None:
        """Read the log of a start to its end; every line is kept in `log`."""
        self.since = time.monotonic()
        for line in lines:
            log.write(line)
            log.flush()
            if found := STARTED.match(line):
                self._note(found[1], self.started)
            elif found := FINISHED.match(line):
                self._note(found[1], self.finished)
            elif found := FAILED.match(line):
                self.failed.append(found[1])
            elif found := STEPS.match(line):
                self.steps = (int(found[1]), int(found[2]))
                self._show()
        self._tell(list(STAGES))
        if self.terminal:
            self.out.write("\r\033[K")

    def _note(self, stage: str, where: Counter[str]) -> None:
        now = time.monotonic() - self.begun
        where[stage] += 1
        self.more = self.more and not (stage in STAGES and STAGES[stage].per == "group")
        first, _ = self._times.get(stage, (now, now))
        self._times[stage] = (first, now)
        if where is self.started and stage in STAGES:
            names = list(STAGES)
            before = [s for s in names[: names.index(stage)] if self.finished[s] == self.started[s]]
            interleaved = STAGES[stage].per == "group"
            self._tell([s for s in before if not (interleaved and STAGES[s].per == "group")])

    def _tell(self, stages: list[str]) -> None:
        """One line for each of these stages that has something new to say."""
        for stage in stages:
            new = self.finished[stage] - self._told[stage]
            if new and not self.terminal:
                first, last = self._times[stage]
                self.out.write(f"{stage:<15} {new:>5} {'job ' if new == 1 else 'jobs'} {last - first:8.1f} s\n")
                self.out.flush()
            self._told[stage] = self.finished[stage]

    @property
    def left_s(self) -> float | None:
        """How long this start may still take, by the jobs done so far [s]; None before the first is done."""
        done, of = self.steps
        return (time.monotonic() - self.since) / done * (of - done) if done else None

    def _show(self) -> None:
        done, of = self.steps
        state = {"done": done, "of": of, "more": self.more, "left_s": round(self.left_s or 0.0, 1),
                 "stages": dict(self.finished)}  # fmt: skip
        digests.write_atomically(self.path, digests.pretty(state))
        if self.terminal:
            bar = "#" * round(20 * done / max(of, 1))
            running = ", ".join(s for s in STAGES if self.started[s] > self.finished[s])
            of_all = f"the first {of}" if self.more else of
            said = f"[{bar:<20}] {done} of {of_all} jobs, about {self.left_s or 0.0:.0f} s left  {running}"
            self.out.write(f"\r\033[K{said}"[:110])
            self.out.flush()
