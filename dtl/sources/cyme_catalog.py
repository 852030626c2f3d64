"""The equipment of a CYME export: rows by block and id, and line codes made from them."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from dtl.network.catalog import EARTH_OHM_M, Matrices, Wire, averaged, overhead, sequence
from dtl.network.feeder import LineCode
from dtl.sources.cyme_codes import LETTERS, ORDERS
from dtl.sources.cyme_tables import Row, Tables
from dtl.sources.reading import Reading, plain

RATINGS = {"normal": "Amps"}
"""The columns of ratings unless the study says otherwise."""


OWN = {
    "AMPS": "NominalRating", "AMPS_1": "FirstRating", "AMPS_2": "SecondRating", "AMPS_3": "ThirdRating",
    "AMPS_4": "FourthRating",
}  # fmt: skip
"""What lines of some versions call the ratings of their own, of all phases or with the letter of each."""


class UnusableError(Exception):
    """A device that cannot be made: `field` and `value` say what is wrong, `check` which kind of fault it is."""

    def __init__(self, check: str, message: str, field: str = "", value: str = "", remedy: str = ""):
        self.check, self.field, self.value, self.remedy = check, field, value, remedy
        super().__init__(message)


@dataclass
class _Chosen:
    """Devices that have equipment which nobody chose: where the first stands, how many, and the first few names."""

    file: str
    line: int | None
    count: int = 0
    names: list[str] = field(default_factory=list)


@dataclass
class Catalog:
    """Equipment by block and id; ids are text and compared without case."""

    reading: Reading
    tables: Tables
    ratings: Mapping[str, str]
    frequency_hz: float
    missing: str = "fail"
    defaults: dict[tuple[str, str], _Chosen] = field(default_factory=dict)
    index: dict[tuple[str, str], Row] = field(default_factory=dict)
    told: set[int | None] = field(default_factory=set)
    made: dict[Hashable, dict[tuple[str, ...], dict[tuple[str, ...], LineCode]]] = field(default_factory=dict)
    """Line codes by how they are made, by the columns that were asked for, and by what stood there."""
    by_default: int = 0

    def __post_init__(self) -> None:
        for tables in self.tables.chain:
            for block, rows in tables.blocks.items():
                for row in rows if rows.made or any("ID" in run.header for run in rows.runs) else ():
                    if name := row.peek("ID"):
                        self.index.setdefault((block, name.upper()), row)

    def find(self, asker: Row, column: str, *blocks: str) -> Row:
        """The equipment that a column of a device names.

        Raises
        ------
        UnusableError
            No block has the id, and the study does not allow the row ``DEFAULT`` instead.
        """
        name = asker.text(column)
        for block in blocks:
            if (row := self.index.get((block, name.upper()))) is not None:
                if name.upper() == "DEFAULT":
                    self._default(block, "is what CYME writes when nobody chose", asker)
                row.text("ID")
                return row
        for block in blocks:
            row = self.index.get((block, "DEFAULT"))
            if row is not None and self.missing == "default":
                self._default(block, "replaces an id that is missing", asker)
                return row
        raise UnusableError(
            "cyme.unknown-equipment",
            f"the equipment file has no such entry in [{'] or ['.join(blocks)}]",
            column,
            name,
            "Add it to the equipment file, or say `missing: default` for the source to take the entry DEFAULT.",
        )

    def _default(self, block: str, why: str, asker: Row) -> None:
        """Count a device of which nobody chose the equipment."""
        known = self.defaults.setdefault((block, why), _Chosen(asker.file, asker.line))
        known.count += 1
        self.by_default += 1
        if len(known.names) < 5:
            known.names.append(asker.text("DeviceNumber", "SectionID"))

    def report(self) -> None:
        """Findings for equipment that nobody chose, one per block."""
        for (block, why), known in sorted(self.defaults.items()):
            names = ", ".join(known.names) + (" ..." if known.count > 5 else "")
            text = f"{known.count} devices use DEFAULT of [{block}], which {why}: {names}"
            self.reading.find(
                "cyme.default-equipment", "warning", text, file=known.file, line=known.line, element=block,
                value=str(known.count), remedy="Check these devices.",
            )  # fmt: skip

    def amps(self, row: Row, suffix: str = "") -> dict[str, float | None]:
        """The ratings of a row as fields of a line code or a line [A]."""
        found: dict[str, float | None] = {}
        for rating, column in sorted((RATINGS | dict(self.ratings)).items()):
            head, _, tail = column.partition("_")
            name = f"{head}{suffix}_{tail}" if tail else f"{head}{suffix}"
            value = row.number(name)
            found[f"{rating}_a"] = value if value > 0 else None
        return found

    def own_amps(self, row: Row) -> dict[str, float]:
        """The ratings that a line states itself, each of its least phase [A]; nothing for those it leaves out."""
        found = {}
        for rating, column in sorted((RATINGS | dict(self.ratings)).items()):
            own = OWN.get(column.upper(), column)
            stated = [v for name in (column, own, *(own + p for p in LETTERS)) if (v := row.number(name)) > 0]
            if stated:
                found[f"{rating}_a"] = min(stated)
        return found

    def wire(self, row: Row) -> Wire:
        """A conductor: resistance at 50 degrees, or at 25 where that is all there is; radii from cm."""
        r, gmr, diameter = row.number("R50") or row.number("R25"), row.number("GMR"), row.number("Diameter")
        if r < 0 or gmr <= 0 or diameter <= 0:
            text = "the conductor has no radius, or a negative resistance"
            value = f"R={r:g} GMR={gmr:g} Diameter={diameter:g}"
            raise UnusableError(
                "network.negative-impedance", text, f"[CONDUCTOR] {row.text('ID')}", value, "Correct it."
            )
        return Wire(r, gmr / 100.0, diameter / 200.0)

    def once(self, row: Row, make: Callable[..., LineCode], *more: Hashable) -> LineCode:
        """What `make(row, *more)` gives, made once for all rows that agree in what it asks of them.

        What comes with findings, or with equipment that nobody chose, is made anew for each row.
        """
        if row.links:
            return make(row, *more)
        known = self.made.setdefault((make.__name__, more, row.block, id(row.dialect), tuple(row.values)), {})
        for columns, codes in known.items():
            if (code := codes.get(tuple(row.values[c] for c in columns))) is not None:
                row.asked.update(columns)
                return code
        before, row.asked = row.asked, set()
        told = (len(self.reading.findings), self.by_default)
        try:
            code = make(row, *more)
            if told == (len(self.reading.findings), self.by_default):
                columns = tuple(sorted(row.asked))
                known.setdefault(columns, {})[tuple(row.values[c] for c in columns)] = code
            return code
        finally:
            row.asked |= before

    def by_phase(self, row: Row) -> LineCode:
        """The line code of ``[OVERHEAD BYPHASE SETTING]``: conductors on a spacing."""
        named = {p: row.text(f"CondID_{p}", default="NONE") for p in LETTERS}
        phases = [p for p in LETTERS if named[p].upper() != "NONE"]
        if not phases:
            raise UnusableError(
                "cyme.no-conductor", "no phase has a conductor", "CondID_A", "NONE", "Correct the conductors."
            )
        conductors = [self.find(row, f"CondID_{p}", "CONDUCTOR") for p in phases]
        spacing = self.find(row, "SpacingID", "SPACING TABLE FOR LINE")
        neutrals = [
            self.wire(self.find(row, column, "CONDUCTOR"))
            for column in ("CondID_N", "CondID_N1", "CondID_N2")
            if row.text(column, default="NONE").upper() != "NONE"
        ]
        wires = [self.wire(c) for c in conductors]
        earth = row.number("EarthResistivity") or EARTH_OHM_M
        order = self.order(row, phases)
        made = self.constants(spacing, wires, neutrals, [order.index(p) for p in phases], earth)
        amps = _least(self.amps(conductor) for conductor in conductors)
        ids = "_".join([*(named[p] for p in phases), row.text("CondID_N", "CondID_N1", default="NONE")])
        ids += f"_{row.text('CondID_N2')}" if row.text("CondID_N2", default="NONE").upper() != "NONE" else ""
        name = f"{spacing.text('ID')}_{''.join(order)}_{ids}" + (f"_{earth:g}" if earth != EARTH_OHM_M else "")
        return _code(plain(name), made, f"CYME conductors {ids} on spacing {spacing.text('ID')}", amps)

    def order(self, row: Row, phases: list[str]) -> list[str]:
        """The phases in the order of the places of the spacing."""
        text = row.text("ConductorPosition")
        order = list(ORDERS[int(text)]) if text.isdigit() and int(text) < len(ORDERS) else []
        if sorted(order) == phases:
            return order
        if text and text != "0":
            self.reading.find(
                "cyme.conductor-position", "warning", "does not name the phases of this line; alphabetic order assumed",
                file=row.file, line=row.line, element=row.text("SectionID"), field="ConductorPosition", value=text,
                remedy="Check the order of the conductors.",
            )  # fmt: skip
        return phases

    def constants(
        self, spacing: Row, wires: list[Wire], neutrals: list[Wire], seats: list[int], earth: float
    ) -> Matrices:
        """Carson's matrices for a spacing with places, or with mean distances."""
        f = self.frequency_hz
        if spacing.whole("NBConductorsPerPhase") > 1:
            text, cure = "the model does not hold bundles of conductors", "Give the line its sequence values in [LINE]."
            count = spacing.text("NBConductorsPerPhase")
            raise UnusableError("cyme.spacing", text, "NBConductorsPerPhase", count, cure)
        if not spacing.text("PosOfCond1_X"):
            gmd, gmdn = spacing.number("GMDPh-Ph"), spacing.number("GMDPh-N")
            height, low = spacing.number("AvgPhCondHeight"), spacing.number("AvgNeutralHeight")
            if not (gmd > 0 and height > 0):
                raise UnusableError("cyme.spacing", "the spacing has neither places nor mean distances", "SpacingID",
                               spacing.text("ID"), "Complete it in [SPACING TABLE FOR LINE].")  # fmt: skip
            neutral = neutrals[0] if neutrals and gmdn > 0 else None
            return averaged(wires[0], neutral, len(wires), gmd, gmdn, height, low, f, earth)
        places = [self.place(spacing, f"PosOfCond{s + 1}") for s in seats]
        names = ("PosOfNeutralCond", "PosOfNeutralCond_N2")
        places += [self.place(spacing, name) for name, _ in zip(names, neutrals, strict=False)]
        return _overhead((*wires, *neutrals), tuple(places), len(wires), f, earth)

    def place(self, spacing: Row, name: str) -> tuple[float, float]:
        """The place of a conductor, (x, height) [m]."""
        if not spacing.text(f"{name}_X") or not spacing.number(f"{name}_Y") > 0:
            raise UnusableError("cyme.spacing", "the spacing has no place for one of the conductors", f"{name}_X",
                           spacing.text("ID"), "Choose a spacing with as many places as conductors.")  # fmt: skip
        return spacing.number(f"{name}_X"), spacing.number(f"{name}_Y")

    def unbalanced(self, row: Row, phases: str) -> LineCode:
        """The line code of ``[LINE UNBALANCED]`` for some phases: its matrix, in ohm/km and microsiemens/km."""
        line = self.find(row, "LineCableID", "LINE UNBALANCED")

        def term(self_name: str, mutual: str, i: str, j: str) -> float:
            pair = "".join(sorted(i + j))
            if i == j:
                return line.number(self_name + i.lower())
            return line.number(mutual + {"AC": "CA"}.get(pair, pair), f"{self_name}m")

        def matrix(self_name: str, mutual: str, factor: float = 1.0) -> tuple[tuple[float, ...], ...]:
            return tuple(tuple(_fine(term(self_name, mutual, i, j) * factor) for j in phases) for i in phases)

        made = Matrices(
            matrix("R", "MutualResistance"),
            matrix("X", "MutualReactance"),
            matrix("B", "MutualShuntSusceptance", self.nf_per_us),
        )
        if len(phases) > 1 and not (line.text("MutualReactanceAB", "MutualReactanceBC", "MutualReactanceCA", "Xm")):
            text, cure = "the matrix states no reactance between its phases", "Export MutualReactanceAB or Xm."
            raise UnusableError("cyme.bad-value", text, "MutualReactanceAB", line.text("ID"), cure)
        self.copied(line, made, phases)
        amps = _least(self.amps(line, p) for p in phases)
        return _code(plain(f"{line.text('ID')}_{phases}"), made, f"CYME matrix {line.text('ID')}", amps)

    def copied(self, line: Row, made: Matrices, phases: str) -> None:
        """Find a matrix whose mutual resistances repeat its mutual reactances: some exports write one for the other."""
        pairs = [(i, j) for i in range(len(phases)) for j in range(i)]
        r = [made.r_ohm_per_km[i][j] for i, j in pairs]
        if any(r) and r == [made.x_ohm_per_km[i][j] for i, j in pairs] and line.line not in self.told:
            self.told.add(line.line)
            self.reading.find(
                "cyme.mutual-copied", "warning",
                "its mutual resistances repeat its mutual reactances to the digit: the export wrote one for the other",
                file=line.file, line=line.line, element=line.thing, field="MutualResistanceAB", value=f"{r[0]:g}",
                remedy="Read the database, or correct the resistances; voltages can be off by tenths of a per cent.",
            )  # fmt: skip

    def sequence(self, row: Row, phases: int, *blocks: str) -> LineCode:
        """The line code of a line or cable given by sequence values."""
        line = self.find(row, "LineCableID", *blocks)
        r1, x1, r0, x0 = (line.number(c) for c in ("R1", "X1", "R0", "X0"))
        if min(r1, x1, r0, x0) < 0:
            value = f"R1={r1:g} X1={x1:g} R0={r0:g} X0={x0:g}"
            raise _negative(value)
        c1, c0 = line.number("B1") * self.nf_per_us, line.number("B0") * self.nf_per_us
        made = sequence(r1, x1, r0, x0, c1, c0, phases)
        parallel = max(row.whole("NumberOfCableInParallel", default=1), 1)
        amps = self.amps(line)
        if parallel > 1:
            made = _divided(made, parallel)
            amps = {k: v and v * parallel for k, v in amps.items()}
        name = f"{line.text('ID')}_{phases}ph" + (f"_x{parallel}" if parallel > 1 else "")
        return _code(plain(name), made, f"CYME sequence values {line.text('ID')}", amps)

    @property
    def nf_per_us(self) -> float:
        """Nanofarad of one microsiemens at the frequency of the system."""
        return 1e3 / (2.0 * math.pi * self.frequency_hz)


def _least(each: Iterable[Mapping[str, float | None]]) -> dict[str, float | None]:
    """The ratings of the phases of a line: of each the least that is stated."""
    found: dict[str, float | None] = {}
    for amps in each:
        for name, value in amps.items():
            known = found.get(name)
            found[name] = value if known is None else min(known, value or known)
    return found


def _divided(made: Matrices, n: int) -> Matrices:
    def scaled(rows: tuple[tuple[float, ...], ...], factor: float) -> tuple[tuple[float, ...], ...]:
        return tuple(tuple(_fine(v * factor) for v in row) for row in rows)

    return Matrices(scaled(made.r_ohm_per_km, 1 / n), scaled(made.x_ohm_per_km, 1 / n), scaled(made.c_nf_per_km, n))


def _code(name: str, made: Matrices, origin: str, amps: Mapping[str, Any]) -> LineCode:
    worst = min(range(len(made.r_ohm_per_km)), key=lambda i: made.x_ohm_per_km[i][i])
    r, x = made.r_ohm_per_km[worst][worst], made.x_ohm_per_km[worst][worst]
    if min(row[i] for i, row in enumerate(made.r_ohm_per_km)) < 0 or x < 0:
        raise _negative(f"r={r:g} x={x:g} ohm/km")
    return LineCode(
        name=name,
        r_ohm_per_km=made.r_ohm_per_km,
        x_ohm_per_km=made.x_ohm_per_km,
        c_nf_per_km=made.c_nf_per_km,
        origin=origin,
        **amps,
    )


def _negative(value: str) -> UnusableError:
    text, cure = "the line has a negative impedance", "Correct it in the equipment file."
    return UnusableError("network.negative-impedance", text, "LineCableID", value, cure)


def _fine(value: float) -> float:
    return float(f"{value:.12g}")


_overhead = lru_cache(maxsize=4096)(overhead)
"""Lines of equal conductors in equal places are many; their matrices are computed once."""
