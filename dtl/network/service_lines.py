"""The way from a transformer to its customers where the model ends at the transformer (``network.secondary.table``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dtl.network.feeder import Bus, Feeder, Line, LineCode, Transformer

LOW_KV = 1.0
"""A winding of at most this feeds customers [kV]."""
LENGTH_KM = 0.001
"""Length of a way whose ohms are those of the table; lines of a model need one [km]."""
_NEUTRAL_OHM = 1e-5
SUFFIX = "_service"
"""What the name of a bus where customers are ends with, after that of their transformer's."""

Table = Sequence[tuple[float, float, float]]
"""Size [kVA], resistance and reactance [ohm], by size."""


def with_service_lines(feeder: Feeder, table: Table) -> tuple[Feeder, int, int]:
    """The feeder with a line from each transformer to the loads at its low side, which move to the end of it.

    A transformer takes the first row that is not smaller than it, the largest where all are. Resistance and reactance
    are those that the current of the customers meets: of a service of one phase out and back together, of one with
    three phases those of a phase. Generators and storages at the same bus move along.

    Returns
    -------
    tuple
        The feeder, the number of transformers that got a line, and that of loads which hang on no low side, where
        nothing is added.
    """
    buses = {b.name: b for b in feeder.buses}
    at = {p.bus for p in feeder.loads if p.enabled}
    below: dict[str, Transformer] = {}
    for unit in feeder.transformers:
        low = min(unit.windings, key=lambda w: w.kv)
        if unit.enabled and not unit.is_regulator and low.kv <= LOW_KV and low.bus in at:
            known = below.get(low.bus)
            below[low.bus] = unit if known is None or known.windings[0].kva < unit.windings[0].kva else known
    moved: dict[str, str] = {}
    codes: dict[str, LineCode] = {c.name: c for c in feeder.line_codes}
    lines = {p.name: p for p in feeder.lines}
    for bus, unit in sorted(below.items()):
        moved[bus] = _free(bus + SUFFIX, buses)
        buses[moved[bus]] = buses[bus].model_copy(update={"name": moved[bus]})
        code = _code(buses[bus], unit.windings[0].kva, table)
        codes.setdefault(code.name, code)
        nodes = buses[bus].nodes
        name = _free(moved[bus], lines)
        lines[name] = Line(name=name, from_bus=bus, to_bus=moved[bus], from_nodes=nodes, to_nodes=nodes,
                           length_km=LENGTH_KM, line_code=code.name)  # fmt: skip
    update: dict[str, Any] = {
        field: tuple(_moved(p, moved) for p in getattr(feeder, field)) for field in ("loads", "generators", "storages")
    }
    update |= {"buses": _sorted(buses), "line_codes": _sorted(codes), "lines": _sorted(lines)}
    primary = sum(1 for p in feeder.loads if p.enabled and p.bus not in moved and buses[p.bus].kv_ll > LOW_KV)
    return feeder.model_copy(update=update), len(moved), primary


def _moved(part: Any, moved: Mapping[str, str]) -> Any:
    return part.model_copy(update={"bus": moved[part.bus]}) if part.bus in moved else part


def _sorted(parts: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(parts[n] for n in sorted(parts))


def _free(name: str, taken: dict[str, Any]) -> str:
    while name in taken:
        name += "_"
    return name


def _code(bus: Bus, kva: float, table: Table) -> LineCode:
    """The impedance of a way for the conductors of a bus."""
    size, r_ohm, x_ohm = next((row for row in table if row[0] >= kva * (1 - 1e-9)), table[-1])
    live = sum(1 for n in bus.nodes if 1 <= n <= 3)
    part = 0.5 if bus.split_phase else 1.0
    each = [(part * r_ohm, part * x_ohm) if 1 <= n <= 3 else (_NEUTRAL_OHM, _NEUTRAL_OHM) for n in bus.nodes]
    count = len(each)

    def matrix(which: int) -> tuple[tuple[float, ...], ...]:
        return tuple(
            tuple(max(each[i][which], _NEUTRAL_OHM) / LENGTH_KM if i == j else 0.0 for j in range(count))
            for i in range(count)
        )

    kind = "split" if bus.split_phase else f"{live}ph"
    nodes = "".join(map(str, bus.nodes))
    return LineCode(
        name=f"service_{size:g}kva_{kind}_{nodes}", r_ohm_per_km=matrix(0), x_ohm_per_km=matrix(1),
        c_nf_per_km=tuple((0.0,) * count for _ in range(count)), origin="network.secondary.table",
    )  # fmt: skip
