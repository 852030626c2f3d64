"""The verb `dtl watch`: how far the run of a study is, read off ``progress.json``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dtl import layout
from dtl.errors import StoreError
from dtl.workflow import lock

EVERY_S = 1.0


def run(study: str, *, once: bool, sleep: Callable[[float], None] = time.sleep) -> int:
    """Print the progress until the run has ended; 1 when a run stopped before its end.

    Raises
    ------
    StoreError
        The study has never run.
    """
    path = Path(layout.PROGRESS.format(study=study))
    if not path.is_file():
        raise StoreError(f"{path}: is not there; `dtl run {study}` writes it")
    before = ""
    while True:
        state = json.loads(path.read_text(encoding="utf-8"))
        running = lock.running(study)
        text = line(state, running=running)
        if text != before:
            end = "" if sys.stdout.isatty() and running and not once else "\n"
            print(("\r\033[K" if sys.stdout.isatty() else "") + text, end=end, flush=True)
            before = text
        if once or not running:
            return 0 if running or ended(state) else 1
        sleep(EVERY_S)


def ended(state: dict[str, Any]) -> bool:
    """Whether all jobs of a run are done, of its last start."""
    return bool(state["done"] >= state["of"])


def line(state: dict[str, Any], *, running: bool) -> str:
    """The progress in one line."""
    done, of = state["done"], f"the first {state['of']}" if state.get("more") else state["of"]
    stages = ", ".join(f"{stage} {count}" for stage, count in state["stages"].items())
    if running:
        return f"{done} of {of} jobs, about {state['left_s']:.0f} s left ({stages})"
    return f"{'all' if ended(state) else 'stopped after'} {done} of {of} jobs ({stages})"
