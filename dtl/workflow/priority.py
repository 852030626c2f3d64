"""Which feeders are worked on first: the worst of the last run, so that what is done when a run stops is worth most.

The order changes no answer and no key. Violating feeders come first, worst first; then those of which nothing is
known, as new ones; then the others, nearest to their limits first.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dtl.errors import ContractError


def priorities(cube: Path) -> dict[str, int]:
    """The priority of each feeder that the last run knew, higher first; a feeder that is not in it has 0.

    Empty where there is no cube, or one that cannot be read: a run does not fail for its order.
    """
    if not cube.is_file():
        return {}
    import pyarrow as pa

    from dtl import tables

    names = ("feeder", "value")
    try:
        rank = tables.read("cube", cube, names, level="feeder", case="", metric="rank").to_pylist()
        judged = tables.read("cube", cube, names, level="feeder", metric="violating").to_pylist()
    except (OSError, pa.ArrowInvalid, ContractError):
        return {}
    places = {r["feeder"]: r["value"] for r in rank if r["value"] is not None}
    return ordered(places, {r["feeder"] for r in judged if r["value"]})


def ordered(rank: Mapping[str, float], violating: set[str]) -> dict[str, int]:
    """Priorities from places: above 0 for those that violate, below for the others."""
    names = sorted(rank, key=lambda f: (rank[f], f))
    bad, calm = ([f for f in names if (f in violating) is wanted] for wanted in (True, False))
    return {f: len(bad) - n for n, f in enumerate(bad)} | {f: -1 - n for n, f in enumerate(calm)}


def of_group(group: str, known: Mapping[str, int]) -> int:
    """The priority of a group: that of its first feeder; the name of a group joins its feeders by ``+``."""
    found = [known[name] for name in {group, *group.split("+")} if name in known]
    return max(found, default=0)
