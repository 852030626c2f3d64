"""What associations say of a utility network: what is joined without touching, and what stands on which structure.

Devices and junctions are joined terminal to terminal. A join is a node; it is that of the line which ends at one of its
junctions, else its own. A device that associations join on one side only has on the other what its place says.

Source: Esri, ArcGIS Pro help, utility network: "Associations table" (types 1 to 6), "Terminals" and the fields
``FROMDEVICETERMINAL`` and ``TODEVICETERMINAL`` of lines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.spatial import cKDTree

from dtl.sources.gis_assets import Assets
from dtl.sources.gis_nodes import PRIMARY, Finder, Lines
from dtl.sources.gis_text import whole
from dtl.sources.reading import Reading

CLASS = "association"
CONNECTIVITY, CONTAINMENT, ATTACHMENT = "connectivity", "containment", "attachment"
SIDED = ("switch", "fuse", "regulator", "transformer")
"""Classes with two sides; all others are single points of the network."""
AT_NODE = ("service_point", "capacitor", "generator")
"""Classes that stand at a node."""
SHOWN = 20

Level = Literal["", "primary", "secondary"]
Terminal = tuple[str, str]
"""The global id of a member and its terminal; the terminal is empty where the member is a single point."""
Members = Mapping[str, tuple[Assets, int]]
"""The layer and the row of each global id."""


@dataclass(frozen=True)
class Row:
    """One association."""

    relation: str
    one: str
    other: str
    one_terminal: str
    other_terminal: str


def guid(word: str) -> str:
    """A global id as databases, servers and tables write it: without braces, in small letters."""
    return word.strip("{} ").casefold()


def rows(found: list[Assets]) -> Iterator[Row]:
    """Every association."""
    for own in found:
        if own.kind == CLASS:
            words = [_words(own, n) for n in ("relation", "from_id", "to_id", "from_terminal", "to_terminal")]
            for relation, one, other, one_terminal, other_terminal in zip(*words, strict=True):
                yield Row(relation.casefold(), guid(one), guid(other), one_terminal, other_terminal)


def members(found: list[Assets]) -> Members:
    """The assets that associations can name."""
    made: dict[str, tuple[Assets, int]] = {}
    for own in found:
        for i, word in enumerate(own.words("global_id") if own.kind != CLASS else ()):
            if word:
                made.setdefault(guid(word), (own, i))
    return made


def attach(reading: Reading, found: list[Assets]) -> None:
    """What is attached to a pole is recorded for it; what has no place stands where its structure or container does."""
    if not any(a.kind == CLASS for a in found):
        return
    known, poles, moved = members(found), defaultdict[int, dict[int, str]](dict), 0
    for row in rows(found):
        if row.relation not in (CONTAINMENT, ATTACHMENT) or row.one not in known or row.other not in known:
            continue
        (holder, h), (own, i) = known[row.one], known[row.other]
        if row.relation == ATTACHMENT and holder.kind == "pole":
            poles[id(own)][i] = str(holder.words("id")[h])
        if not np.isfinite(own.at[i]).all() and np.isfinite(holder.at[h]).all():
            own.at[i] = holder.at[h]
            moved += 1
    for own in found:
        if own.kind != "pole" and poles[id(own)]:
            _fill(own, "pole", poles[id(own)])
    if moved:
        reading.find("gis.contained", "info", "assets without a place of their own, which stand where their structure "
                     f"or container does: {moved}")  # fmt: skip


def connect(reading: Reading, found: list[Assets], lines: Lines, finder: Finder, snap_m: float) -> None:
    """Give devices, transformers and what stands at nodes the nodes that associations join them to, in place.

    Lines that end at a device end at the terminal that they name, where two of its terminals are named.
    """
    if not any(a.kind == CLASS for a in found) and not any("from_terminal" in a.columns for a in found):
        return
    joins = [r for r in rows(found) if r.relation == CONNECTIVITY]
    _told(reading, found, joins)
    net = _Net(members(found), lines, finder, snap_m)
    net.split_ends(found, joins)
    net.lay_between(joins)
    for row in joins:
        one = net.terminal(row.one, row.one_terminal, row.other)
        net.join(one, net.terminal(row.other, row.other_terminal, row.one))
    net.name()
    net.unite()
    net.give()
    if net.unclear:
        reading.find("gis.terminals", "warning", "devices that associations join at more places than two, or whose "
                     f"high side no line shows: {len(net.unclear)}", value=", ".join(net.unclear[:SHOWN]),
                     remedy="State the terminal of each association and the level of the lines.")  # fmt: skip


def _told(reading: Reading, found: list[Assets], joins: list[Row]) -> None:
    known = members(found)
    lost = sorted({g for r in joins for g in (r.one, r.other) if g not in known})
    if lost:
        reading.find("gis.unknown-member", "warning", f"associations join what no layer of the study has: {len(lost)}",
                     value=", ".join(lost[:SHOWN]), remedy="Declare the layer and its class, or see whether these are "
                     "out of service.")  # fmt: skip
    other: dict[str, int] = defaultdict(int)
    for row in rows(found):
        if row.relation not in (CONNECTIVITY, CONTAINMENT, ATTACHMENT):
            other[row.relation] += 1
    for relation, count in sorted(other.items()):
        reading.refused("", "[association]", relation, f"{count}", "associations of this kind are not used")
        reading.find("gis.association", "warning", f"associations of a kind that is not used: {count}", value=relation,
                     field="relation", remedy="Declare codes for relation: connectivity, containment, "
                     "attachment.")  # fmt: skip


@dataclass
class _Net:
    """Terminals that are joined, the ends of lines at them, and what each join is called."""

    known: Members
    lines: Lines
    finder: Finder
    snap_m: float
    above: dict[Terminal, Terminal] = field(default_factory=dict)
    ends: dict[tuple[int, int], Terminal] = field(default_factory=dict)
    between: set[str] = field(default_factory=set)
    standing: dict[str, str] = field(default_factory=dict)
    same: dict[str, str] = field(default_factory=dict)
    nodes: dict[Terminal, str] = field(default_factory=dict)
    unclear: list[str] = field(default_factory=list)

    def terminal(self, member: str, terminal: str, towards: str) -> Terminal:
        """A terminal of a member; of a device that lies between two others, what it is joined towards."""
        if member in self.known and self.known[member][0].kind not in SIDED:
            return member, ""
        return member, f"to {towards}" if member in self.between else terminal

    def join(self, one: Terminal, other: Terminal) -> None:
        """Make two terminals one."""
        a, b = sorted((self.top(one), self.top(other)))
        self.above[b] = a

    def top(self, one: Terminal) -> Terminal:
        """What stands for all that are joined."""
        self.above.setdefault(one, one)
        while self.above[one] != one:
            self.above[one] = one = self.above[self.above[one]]
        return one

    def split_ends(self, found: list[Assets], joins: list[Row]) -> None:
        """Ends of lines at a device with several terminals in use end at the terminal that their line names."""
        wires = [a for a in found if a.kind == "conductor"]
        named = [[_words(a, n) for a in wires] for n in ("from_terminal", "to_terminal")]
        devices = [(g, own.at[i]) for g, (own, i) in self.known.items() if own.kind in SIDED]
        ids = [(g, at) for g, at in devices if np.isfinite(at).all()]
        if not wires or not ids:
            return
        stated = np.column_stack([np.concatenate(n) for n in named])
        which = np.argwhere((stated != "") & np.isfinite(self.lines.ends).all(axis=2))
        tree = cKDTree(np.array([at for _, at in ids]))
        distance, nearest = tree.query(self.lines.ends[which[:, 0], which[:, 1]], distance_upper_bound=self.snap_m)
        used: dict[str, set[str]] = defaultdict(set)
        near = zip(which[np.isfinite(distance)], nearest[np.isfinite(distance)], strict=True)
        at = [(int(r), int(k), ids[j][0]) for (r, k), j in near]
        for row, k, member in at:
            used[member].add(stated[row, k])
        for join in joins:
            used[join.one].add(join.one_terminal)
            used[join.other].add(join.other_terminal)
        self.ends = {(r, k): (m, stated[r, k]) for r, k, m in at if len(used[m] - {""}) > 1}
        for terminal in self.ends.values():
            self.top(terminal)

    def lay_between(self, joins: list[Row]) -> None:
        """Devices of one terminal with two associations and no line at their place lie between what these name."""
        used: dict[str, list[str]] = defaultdict(list)
        for row in joins:
            used[row.one].append(row.one_terminal)
            used[row.other].append(row.other_terminal)
        for member, terminals in used.items():
            own, i = self.known.get(member, (None, 0))
            if own is None or own.kind not in SIDED or len(terminals) != 2 or len(set(terminals)) > 1:
                continue
            if not any(self.finder.line("", own.at[i], primary) for primary in (True, False)):
                self.between.add(member)

    def name(self) -> None:
        """Call each join after the node of the lines at its junctions, else after its first member."""
        standing: dict[Terminal, set[str]] = defaultdict(set)
        for member, terminal in sorted(self.above):
            if member in self.known and self.known[member][0].kind not in SIDED:
                if member not in self.standing:
                    self.standing[member] = self._at_lines(*self.known[member])
                if node := self.standing[member]:
                    standing[self.top((member, terminal))].add(node)
        for top in sorted({self.top(t) for t in self.above}):
            already = sorted({_last(self.same, n) for n in standing[top]})
            self.nodes[top] = already[0] if already else self._called(top)
            self.same |= dict.fromkeys(already[1:], self.nodes[top])
        self._rename()
        for (row, k), end in self.ends.items():
            self.lines.nodes[row, k] = self.nodes[self.top(end)]

    def _rename(self) -> None:
        """Nodes that a join makes one get one name."""
        lines, same = self.lines, self.same
        if not same:
            return
        lines.nodes[:] = np.array([_last(same, n) for n in lines.nodes.reshape(-1)], object).reshape(-1, 2)
        lines.cuts[:] = [(row, along, _last(same, a), _last(same, b)) for row, along, a, b in lines.cuts]
        self.nodes = {top: _last(same, n) for top, n in self.nodes.items()}

    def _at_lines(self, own: Assets, i: int) -> str:
        """The node of the line at a single point: of the level that it states, else of a line that ends there."""
        at, level, name = own.at[i], own.words("level")[i], str(own.words("id")[i])
        if level:
            return self.finder.node(at, level == PRIMARY, name)
        primary = own.kind != "service_point"
        ending = self.finder.ending(at, primary) or self.finder.ending(at, not primary)
        return ending or self.finder.node(at, primary, name) or self.finder.node(at, not primary, name)

    def _called(self, top: Terminal) -> str:
        member, terminal = top
        own, i = self.known.get(member, (None, 0))
        return f"{own.words('id')[i] if own is not None else member}.{terminal or 1}"

    def unite(self) -> None:
        """Terminals of a transformer that lead to lines of one level, as two of its low side, are one node."""
        levels, joined = self._levels(self._nodes()), False
        ends: dict[tuple[str, Level], Terminal] = {}
        for terminal in sorted(self.above):
            member, level = terminal[0], levels.get(self.nodes[self.top(terminal)], "")
            if level and member in self.known and self.known[member][0].kind == "transformer":
                first = ends.setdefault((member, level), terminal)
                joined |= self.top(first) != self.top(terminal)
                self.join(first, terminal)
        if joined:
            self.name()

    def _nodes(self) -> Mapping[str, list[str]]:
        """The nodes of each member, in the order of its terminals."""
        made: dict[str, dict[str, None]] = defaultdict(dict)
        for member, terminal in sorted(self.above):
            made[member][self.nodes[self.top((member, terminal))]] = None
        return {m: list(n) for m, n in made.items()}

    def give(self) -> None:
        """Write the nodes into the assets."""
        sides = self._nodes()
        levels = self._levels(sides)
        filled: dict[tuple[int, str], dict[int, str]] = defaultdict(dict)
        layers: dict[int, Assets] = {}
        for member, nodes in sides.items():
            if member not in self.known:
                continue
            own, i = self.known[member]
            layers[id(own)] = own
            if own.kind in AT_NODE:
                filled[id(own), "node"][i] = nodes[0]
            elif own.kind in SIDED:
                pair = self._high_low if own.kind == "transformer" else self._sides
                for name, node in zip(("from_node", "to_node"), pair(own, i, nodes, levels), strict=True):
                    if node:
                        filled[id(own), name][i] = node
        for (which, name), values in filled.items():
            _fill(layers[which], name, values)

    def _sides(self, own: Assets, i: int, nodes: list[str], levels: Mapping[str, Level]) -> tuple[str, str]:
        """Both nodes of a device; of one that is joined on one side only that one."""
        if len(nodes) > 2:
            self.unclear.append(str(own.words("id")[i]))
        return (nodes[0], nodes[1]) if len(nodes) > 1 else ("", nodes[0])

    def _high_low(self, own: Assets, i: int, nodes: list[str], levels: Mapping[str, Level]) -> tuple[str, str]:
        """The node of the high and of the low side of a transformer, by the level of the lines that they lead to."""
        high = [n for n in nodes if levels.get(n, "") == "primary"]
        low = [n for n in nodes if levels.get(n, "") == "secondary"]
        open_ = [n for n in nodes if n not in high + low]
        if not high and open_ and (low or not self.finder.line("", own.at[i], True)):
            high = [open_.pop(0)]
        if not low and open_:
            low = [open_.pop(0)]
        if open_ or len(high) > 1 or len(low) > 1 or (len(nodes) > 1 and not levels.keys() & set(nodes)):
            self.unclear.append(str(own.words("id")[i]))
        return (high or [""])[0], (low or [""])[0]

    def _levels(self, sides: Mapping[str, list[str]]) -> dict[str, Level]:
        """The level of each node that lines of one level lead to, through devices that are no transformers."""
        found: dict[str, Level] = {}
        levels: tuple[tuple[bool, Level], ...] = ((False, "secondary"), (True, "primary"))
        for primary, level in levels:
            rows = self.lines.primary == primary
            cuts = [(a, b) for row, _, a, b in self.lines.cuts if rows[row]]
            found |= dict.fromkeys(self.lines.nodes[rows].reshape(-1).tolist(), level)
            found |= dict.fromkeys((n for pair in cuts for n in pair), level)
        found.pop("", None)
        passing = [n for m, n in sides.items() if m not in self.known or self.known[m][0].kind != "transformer"]
        while more := {n: found[k] for nodes in passing for k in nodes if k in found for n in nodes if n not in found}:
            found |= more
        return found


def _last(same: Mapping[str, str], node: str) -> str:
    while node in same:
        node = same[node]
    return node


def _fill(own: Assets, name: str, values: Mapping[int, str]) -> None:
    """State a field in rows that do not state it."""
    words = own.words(name)
    for i, value in values.items():
        words[i] = words[i] or value
    own.columns[name] = pa.array([w or None for w in words], pa.string())


def _words(own: Assets, name: str) -> npt.NDArray[np.object_]:
    found: npt.NDArray[np.object_] = whole(own.text(name)).to_numpy(zero_copy_only=False)
    return found
