"""Moving a branch, and all that hangs on it, to other phases."""

from __future__ import annotations

from dtl.errors import SolveError
from dtl.network.feeder import Line, Transformer
from dtl.network.rephase import rephased
from dtl.network.topology import trace
from dtl.scenarios.edited import found, nodes_of
from dtl.scenarios.edited_work import Done, Work, absent


def move_phase(work: Work) -> Done:
    """A line or transformer on other phases, with all behind it up to transformers that have phases of their own."""
    at, wanted = str(work.words["at"]), nodes_of(str(work.words["to"]))
    part = found(work.feeder, "line", at) or found(work.feeder, "transformer", at)
    if not isinstance(part, Line | Transformer):
        return absent(("line", at))
    try:
        feeder, told = rephased(work.feeder, part, wanted, trace(work.feeder))
    except ValueError as err:
        raise SolveError(f"layer '{work.layer}': {err}") from err
    kind = "line" if isinstance(part, Line) else "transformer"
    return Done(feeder, ((f"move_phase {part.name}", told, ""),), ((kind, at, True),))
