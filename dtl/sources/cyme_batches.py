"""The networks of a model that can be read one after the other, each with the rows that nobody else asks for.

A text export of a whole utility holds all feeders in the same blocks. A row belongs to the feeder whose section, node
or load device it names; what several feeders name, or none, stays with what all share. So a feeder's rows are made when
it is read and forgotten when it has been accounted for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dtl.sources.cyme_devices import SERIES
from dtl.sources.cyme_shunts import SHUNTS
from dtl.sources.cyme_tables import Rows, Run, Tables

ON_SECTIONS = (*SERIES, *SHUNTS, "INTERMEDIATE NODES")
PARTED = ("SECTION", "NODE", "LOADS", "CUSTOMER LOADS", *ON_SECTIONS)
SHARED = -1
"""The owner of what several feeders name, or none."""


def feeder_id(network: str) -> str:
    """The id of a feeder: the network's name as CYME has it, blanks replaced."""
    return "".join("_" if c.isspace() or c == "=" else c for c in network.strip()) or "feeder"


def batches(tables: Tables) -> Iterator[Tables]:
    """The tables of each feeder that shares `tables` with the others, or these themselves where they cannot be cut.

    What is cut leaves `tables`.
    """
    if tables.shared is not None or any(b in tables.blocks and tables.blocks[b].made for b in PARTED):
        yield tables
        return
    ids: dict[str, int] = {}
    networks = dict.fromkeys([*tables.feeders, *(run.network for run in _runs(tables, "SECTION"))])
    owner = {n: ids.setdefault(feeder_id(n), len(ids)) for n in networks}
    if len(ids) < 2:
        yield tables
        return
    found = [Tables(version=tables.version, shared=tables) for _ in ids]
    _cut(tables, owner, found)
    while found:
        yield found.pop(0)


def _cut(tables: Tables, owner: dict[str, int], found: Sequence[Tables]) -> None:
    """Move what each owner has alone into its own tables, given the owners of the networks."""
    sections: dict[str, int] = {}
    nodes: dict[str, int] = {}
    for run in _runs(tables, "SECTION"):
        owners = [owner[run.network]] * len(run.lines)
        _claim(sections, run.column("SectionID"), owners)
        for column in ("FromNodeID", "ToNodeID"):
            _claim(nodes, run.column(column), owners)
    devices: dict[str, int] = {}
    for run in _runs(tables, "LOADS"):
        _claim(devices, run.column("DeviceNumber"), [sections.get(s, SHARED) for s in run.column("SectionID")])
    for block in PARTED:
        runs, rest = _runs(tables, block), Rows()
        for run in runs:
            if block == "SECTION":
                owners = [owner[run.network]] * len(run.lines)
            elif block == "NODE":
                owners = [nodes.get(n, SHARED) for n in run.column("NodeID")]
            elif block == "CUSTOMER LOADS":
                owners = [devices.get(d, SHARED) for d in run.column("DeviceNumber")]
            else:
                owners = [sections.get(s, SHARED) for s in run.column("SectionID")]
            for i, share in run.shares(owners).items():
                (rest if i == SHARED else found[i].blocks.setdefault(block, Rows())).add(share)
        if runs:
            tables.blocks[block] = rest
    for network, row in tables.feeders.items():
        found[owner[network]].feeders[network] = row
    tables.feeders.clear()


def _runs(tables: Tables, block: str) -> Sequence[Run]:
    return tables.blocks[block].runs if block in tables.blocks else ()


def _claim(claims: dict[str, int], names: Iterable[str], owners: Iterable[int]) -> None:
    """Note who names what; what two name is shared."""
    for name, owner in zip(names, owners, strict=True):
        if claims.setdefault(name, owner) != owner:
            claims[name] = SHARED
