"""What grid codes ask for, as the rule library states it: bands of voltage, and limits of what generation may cause."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from dtl.network.feeder import Bus
from dtl.spec import rulebook

EVERY_RANGE = ("en-50160",)
"""Codes of which all ranges must hold; of the others the default one."""
WITH_DROP = ("ansi-c84.1", "ieee-1547")
"""Codes whose service limits hold behind a secondary that is not modelled."""
PRIMARY_KV = 1.0


@dataclass(frozen=True)
class Clause:
    """One limit of a code.

    ``kv`` are nominal voltages, line to line, in which it holds [kV]; ``share`` is the part of the intervals of a week
    that must keep a band [%], 100 for all, and ``mean_min`` the interval of which the code judges means [min], 0 where
    it names none. A band has ``low_pu`` and ``high_pu``, other limits have ``at_most``.
    """

    code: str
    what: str
    range: str
    kv: tuple[float, float]
    clause: str
    confirmed_by: str
    share: float = 100.0
    low_pu: float = 0.0
    high_pu: float = 0.0
    at_most: float = 0.0
    kva: tuple[float, float] = (0.0, float("inf"))
    mean_min: int = 0

    def holds(self, kv_ll: float) -> bool:
        """Whether it holds at a nominal voltage."""
        return self.kv[0] - 1e-6 <= kv_ll <= self.kv[1] + 1e-6

    def lowest(self, bus: Bus, drop_pct: float) -> float:
        """The lower limit at a bus, raised by the drop of a secondary that is not modelled where the code means it."""
        named = self.code.partition("@")[0] in WITH_DROP
        return self.low_pu + (drop_pct / 100.0 if named and self.low_pu and bus.kv_ll > PRIMARY_KV else 0.0)


def clauses(codes: Collection[str]) -> list[Clause]:
    """The limits of some codes in the order of the library; those of a lower voltage first."""
    return [clause for code in sorted(codes) for clause in (*_bands(code), *_facts(code))]


def unassessed(code: str) -> list[str]:
    """What a code asks for and a power flow cannot judge."""
    return list(rulebook.read(code).get("not_assessed", ()))


def _bands(code: str) -> list[Clause]:
    content = rulebook.read(code)
    every = code.partition("@")[0] in EVERY_RANGE
    found = []
    for limit in content["limits"]:
        if limit["at"] == "service" and (every or limit["range"] == content["default_range"]):
            share = limit.get("percentile", "").partition(" %")
            found.append(
                Clause(
                    code, "voltage_band", limit["range"], _kv(limit), _clause(limit), limit["confirmed_by"],
                    float(share[0]) if share[1] else 100.0, float(limit["low_pu"]), float(limit["high_pu"]),
                    mean_min=int(limit.get("mean_min", 0)),
                )
            )  # fmt: skip
    return found


def _facts(code: str) -> list[Clause]:
    return [
        Clause(
            code, fact["what"], "", _kv(fact), fact["clause"], fact["confirmed_by"], at_most=float(fact["at_most"]),
            kva=_span(fact, "kva", float("inf")),
        )
        for fact in rulebook.read(code).get("also", ())
    ]  # fmt: skip


def _clause(limit: Any) -> str:
    """The clause, without what the limits of a power flow make of it."""
    return str(limit["clause"]).partition(" (DTL")[0]


def _kv(limit: Any) -> tuple[float, float]:
    return _span(limit, "kv", 1e6)


def _span(limit: Any, word: str, most: float) -> tuple[float, float]:
    """A range that a limit states, or all from 0 to `most`."""
    low, high = limit.get(word, (0.0, most))
    return float(low), float(high)
