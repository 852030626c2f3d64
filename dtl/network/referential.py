"""Whether measurements and registers name feeders, devices and buses that the model has: findings with counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from dtl import tables
from dtl.errors import Finding

DEVICES = ("transformer", "switch", "regulator", "capacitor", "generator", "line", "storage")
MOST_NAMES = 5
"""Names that a message lists."""


def check(folders: Mapping[str, Path], network: pa.Table) -> list[Finding]:
    """Findings about the tables of all sources against the model; one for each source, table and field.

    Parameters
    ----------
    folders
        The folder of each source, with its tables.
    network
        The table ``network`` of the model.
    """
    model = _Model(network)
    found: list[Finding] = []
    for source, folder in sorted(folders.items()):
        scada, register = (folder / f"{name}.parquet" for name in ("scada", "register"))
        if scada.is_file():
            found += _scada(source, tables.read("scada", scada, ["source", "feeder", "device"]), model)
        if register.is_file():
            found += _register(source, tables.read("register", register), model)
    return found


class _Model:
    """The names of the model, as they are and in lower case."""

    def __init__(self, network: pa.Table):
        feeder, kind = (network[n].cast(pa.string()) for n in ("feeder", "kind"))
        self.feeders = set(pc.unique(feeder).to_pylist())
        self.folded = {f.lower(): f for f in self.feeders}
        self.buses = self._names(network, kind, ["bus"])
        self.devices = self._names(network, kind, list(DEVICES))

    @staticmethod
    def _names(network: pa.Table, kind: pa.ChunkedArray, kinds: list[str]) -> set[str]:
        chosen = network.filter(pc.is_in(kind, pa.array(kinds)))
        return {n.lower() for n in pc.unique(chosen["name"].cast(pa.string())).to_pylist()}


def _scada(source: str, table: pa.Table, model: _Model) -> Iterator[Finding]:
    groups = table.group_by(["feeder", "device"]).aggregate([([], "count_all")]).to_pylist()
    feeders: Counter[str] = Counter()
    for g in groups:
        feeders[g["feeder"]] += g["count_all"]
    yield from _feeders(source, "scada", feeders, model)
    devices = sorted({g["device"] for g in groups if g["device"] and g["feeder"] in model.feeders})
    lost = [d for d in devices if d.lower() not in model.devices]
    if lost:
        text = f"the model has no element of this name: {len(lost)} of {len(devices)} devices; heads need none"
        yield Finding("given.device", "info", text, source=source, field="device", value=_listed(lost),
                      remedy="Declare device_names, where values of single devices matter.")  # fmt: skip


def _register(source: str, table: pa.Table, model: _Model) -> Iterator[Finding]:
    rows = table.to_pylist()
    yield from _feeders(source, "register", Counter(r["feeder"] for r in rows), model)
    stated = [r for r in rows if r["bus"]]
    lost = [r for r in stated if r["bus"].rpartition(":")[2].lower() not in model.buses]
    if lost:
        text = f"the model has no bus of this name: {len(lost)} of {len(stated)} generators that state one"
        yield Finding("given.bus", "warning", text, source=source, field="bus", value=_listed(r["bus"] for r in lost),
                      element=f"generator {lost[0]['id']}", remedy="Correct the bus, or state the meter.")  # fmt: skip


def _feeders(source: str, table: str, counts: Mapping[str, int], model: _Model) -> Iterator[Finding]:
    """Feeders that the model does not have, and those that it spells otherwise, each as one finding."""
    unknown = sorted(f for f in counts if f and f not in model.feeders)
    spelled = [f for f in unknown if f.lower() in model.folded]
    lost = [f for f in unknown if f.lower() not in model.folded]
    for names, text, remedy in (
        (spelled, "the model spells these feeders otherwise", "Declare feeder_names, or correct the names."),
        (lost, "the model has no feeder of this name, so the study alone has these", "Declare feeder_names; a "
         "substation or a feeder outside the study may stay."),
    ):  # fmt: skip
        if names:
            rows = sum(counts[n] for n in names)
            message = f"{text}: {len(names)} of {len(counts)}, rows: {rows}"
            yield Finding("given.feeder", "warning", message, source=source, element=table, field="feeder",
                          value=_listed(names), remedy=remedy)  # fmt: skip


def _listed(names: Iterable[str]) -> str:
    distinct = sorted(set(names))
    more = f" and {len(distinct) - MOST_NAMES} more" if len(distinct) > MOST_NAMES else ""
    return ", ".join(distinct[:MOST_NAMES]) + more
