"""A feeder as CYME text: network, load and equipment file, in SI units, with the column sets of version 5.04."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from writer.constants import EARTH_OHM_M, per_km
from writer.facts import CM_PER_FT, CM_PER_IN, KM_PER_MILE, M_PER_FT, Facts, Matrix, Row

PHASINGS = ("A", "B", "C", "AB", "AC", "BA", "BC", "CA", "CB", "ABC", "ACB", "BAC", "BCA", "CAB", "CBA")
"""ConductorPosition is the index of the phasing in this list."""
FILED_UNDER = {"AB": "A", "BC": "B", "CA": "C"}
"""The phase letter under which a delta load between two phases is filed."""
ZIP_PCT = {"impedance": (100, 0, 0), "current": (0, 100, 0), "power": (0, 0, 100)}
PAIRS = ("AB", "BC", "CA")
SOURCE_OHM = ("r1_ohm", "x1_ohm", "r0_ohm", "x0_ohm")


def files(f: Facts) -> Iterator[tuple[str, str]]:
    """The three files: name and text."""
    opening = ["[GENERAL]", f"DESCRIPTION={f.title}", "CYME_VERSION=5.04", "", "[SI]"]
    for name, blocks in (("network", network), ("load", load), ("equipment", equipment)):
        yield f"{name}.txt", "\n".join([*opening, *blocks(f)]) + "\n"


def num(value: float | str) -> str:
    """A number with six decimals."""
    return f"{float(value):.6f}"


def block(name: str, columns: str, rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A block: its name, the names of its columns, its lines; nothing when there are no lines."""
    lines = [",".join(str(v) for v in row) for row in rows]
    if lines:
        word = name.replace(" ", "").replace("EXTENSION", "EXTST")
        yield from ("", f"[{name}]", f"FORMAT_{word}={columns}", *lines)


# ---------------------------------------------------------------------------------------------------- network file


def network(f: Facts) -> Iterator[str]:
    """Nodes, the head, sections and what stands on them."""
    s = f.source
    kv, kv_ln = float(s["kv_ll"]), float(s["kv_ll"]) * float(s["pu"]) / math.sqrt(3.0)
    yield from nodes(f)
    yield from block("HEADNODES", "NodeID,NetworkID", [(s["bus"], f.feeder)])
    yield from block(
        "SOURCE",
        "SourceID,DeviceNumber,NodeID,ConnectorIndex,NetworkID,DesiredVoltage",
        [(f"SUB-{f.feeder}", f"SUB-{f.feeder}", s["bus"], 0, f.feeder, num(kv * float(s["pu"])))],
    )
    angles, ohm = [num(a) for a in (0, -120, 120)], [num(s[c]) for c in SOURCE_OHM]
    yield from block(
        "SOURCE EQUIVALENT",
        "NodeID,Voltage,OperatingAngle1,OperatingAngle2,OperatingAngle3,PositiveSequenceResistance,"
        "PositiveSequenceReactance,ZeroSequenceResistance,ZeroSequenceReactance,Configuration,OperatingVoltage1,"
        "OperatingVoltage2,OperatingVoltage3,ImpedanceUnit",
        [[s["bus"], num(kv), *angles, *ohm, 0, num(kv_ln), num(kv_ln), num(kv_ln), 0]],
    )
    yield from sections(f)
    yield from lines(f)
    yield from devices(f)


def nodes(f: Facts) -> Iterator[str]:
    """Point nodes, then the head as a bus bar, which has its own header."""
    bar = next(b for b in f.buses if b["bus"] == f.source["bus"])
    yield from block(
        "NODE",
        "NodeID,CoordX,CoordY,ZoneID,UserDefinedBaseVoltage",
        ((b["bus"], num(b["x_m"]), num(b["y_m"]), "", num(b["kv_ll"])) for b in f.buses if b is not bar),
    )
    x, y, half_m = float(bar["x_m"]), num(bar["y_m"]), 6.0
    yield "FORMAT_NODE=NodeID,CoordX1,CoordY1,CoordX2,CoordY2,Width,ZoneID,UserDefinedBaseVoltage"
    yield ",".join((bar["bus"], num(x - half_m), y, num(x + half_m), y, num(2 * half_m), "", num(bar["kv_ll"])))


def sections(f: Facts) -> Iterator[str]:
    """The sections, that is the graph, under the line that names their feeder."""
    rows = [(r["line"], r["from_bus"], r["to_bus"], r["phases"]) for r in f.lines]
    rows += [(r["switch"], r["from_bus"], r["to_bus"], r["phases"]) for r in f.switches]
    rows += [(r["transformer"], r["from_bus"], r["to_bus"], "ABC") for r in f.transformers]
    for name, bank in f.regulators.items():
        rows.append((name, bank[0]["from_bus"], bank[0]["to_bus"], "".join(r["phase"] for r in bank)))
    yield from ("", "[SECTION]", "FORMAT_SECTION=SectionID,FromNodeID,ToNodeID,Phase,ZoneID,SubNetworkId,EnvironmentID")
    yield "FORMAT_FEEDER=NetworkID,HeadNodeID,CoordSet,Description"
    yield f"FEEDER={f.feeder},{f.source['bus']},1,{f.title}"
    yield from (",".join((*row, "", "", "0")) for row in rows)


def section_into(f: Facts) -> dict[str, str]:
    """The section that ends at each bus, seen from the head: what hangs on the bus is filed there, at its To side."""
    into = {r["to_bus"]: r["line"] for r in f.lines}
    into |= {r["to_bus"]: r["switch"] for r in f.switches if r["state"] == "closed"}
    return into | {r["to_bus"]: r["transformer"] for r in f.transformers}


def lines(f: Facts) -> Iterator[str]:
    """Cables by matrix, overhead lines by conductors and spacing."""
    cables: list[list[object]] = []
    overhead: list[list[object]] = []
    for line in f.lines:
        row = f.configurations[line["configuration"]]
        length_m = num(float(line["length_ft"]) * M_PER_FT)
        if row["kind"] == "matrix":
            cables.append([line["line"], line["line"], row["configuration"], length_m, 0])
        else:
            wires = [row["conductor"] if p in row["phasing"] else "NONE" for p in "ABC"]
            place = [row["spacing"], length_m, 0, PHASINGS.index(row["phasing"]), num(EARTH_OHM_M)]
            overhead.append([line["line"], line["line"], *wires, row["neutral"], *place])
    columns = "SectionID,DeviceNumber,LineCableID,Length,ConnectionStatus"
    yield from block("OVERHEADLINEUNBALANCED SETTING", columns, cables)
    yield from block(
        "OVERHEAD BYPHASE SETTING",
        "SectionID,DeviceNumber,CondID_A,CondID_B,CondID_C,CondID_N,SpacingID,Length,ConnectionStatus,"
        "ConductorPosition,EarthResistivity",
        overhead,
    )


def devices(f: Facts) -> Iterator[str]:
    """Regulators, transformers, switches and capacitors."""
    yield from block(
        "REGULATOR SETTING",
        "SectionID,Location,EqID,DeviceNumber,PhaseON,MaxBuck,MaxBoost,BandWidth,CT,PT,SettingOption,VsetA,VsetB,VsetC,"
        "RsetA,RsetB,RsetC,XsetA,XsetB,XsetC,TapA,TapB,TapC,Conn,LeadingUnit,FromNodeID,RevMode,ConnectionStatus",
        (regulator(name, bank) for name, bank in f.regulators.items()),
    )
    yield from block(
        "AUTO TAP CHANGING EXTENSION",
        "DeviceNumber,DeviceType,LTCIndex,TapChangingAlgo,ActivationDelayFirstTap",
        ((name, 4, 0, 0, num(bank[0]["delay_s"])) for name, bank in f.regulators.items()),
    )
    full, none = num(100), num(0)
    yield from block(
        "TRANSFORMER SETTING",
        "SectionID,Location,EqID,DeviceNumber,Conn,PrimTap,SecondaryTap,ODPrimPh,PrimaryBaseVoltage,"
        "SecondaryBaseVoltage,FromNodeID,ConnectionStatus",
        (
            (name, "M", name, name, r["connection"], full, full, "NONE", none, none, r["from_bus"], 0)
            for r in f.transformers
            for name in [r["transformer"]]
        ),
    )
    yield from block(
        "SWITCH SETTING",
        "SectionID,Location,EqID,DeviceNumber,ClosedPhase,Locked,RC,NStatus,FromNodeID,ConnectionStatus",
        (
            (r["switch"], "M", f"SWITCH-{r['normal_a']}", r["switch"], closed, 0, 0, 0, r["from_bus"], 0)
            for r in f.switches
            for closed in [r["phases"] if r["state"] == "closed" else "NONE"]
        ),
    )
    into = section_into(f)
    yield from block(
        "SHUNT CAPACITOR SETTING",
        "SectionID,DeviceNumber,Location,Connection,Phase,KVAR,ThreePhaseKVAR,KV,Control,ShuntCapacitorID,ConnectionStatus",
        (
            (into[r["bus"]], name, "L", "Y", r["phases"], each_kvar(r), none, num(r["kv_ln"]), 0, name, 0)
            for r in f.capacitors
            for name in [r["capacitor"]]
        ),
    )


def regulator(name: str, bank: list[Row]) -> list[object]:
    """The line of one regulator; phases that it has not stand at zero."""
    by_phase = {r["phase"]: r for r in bank}
    columns = ("set_v", "r_v", "x_v", "posted_tap")
    settings = [num(by_phase[p][c] if p in by_phase else 0) for c in columns for p in "ABC"]
    control = [num(bank[0][c]) for c in ("band_v", "ct_primary_a", "pt_ratio")]
    tail = [0, 0, bank[0]["from_bus"], 0, 0]
    return [name, "M", name, name, "".join(by_phase), num(10), num(10), *control, "R", *settings, *tail]


def each_kvar(row: Row) -> str:
    """The power of one phase of a capacitor [kvar]."""
    return num(float(row["kvar"]) / len(row["phases"]))


# ------------------------------------------------------------------------------------------------------- load file


def load(f: Facts) -> Iterator[str]:
    """The classes, one per load model, the devices, and what their customers take."""
    into = section_into(f)
    shares = {name: [num(v) for v in (z, z, i, i, p, p)] for name, (z, i, p) in ZIP_PCT.items()}
    yield from block(
        "CUSTOMER CLASS",
        "ID,Description,PowerFactor,IsExponentialModel,ConstantImpedanceZP,ConstantImpedanceZQ,ConstantCurrentIP,"
        "ConstantCurrentIQ,ConstantPowerPP,ConstantPowerPQ,LoadFlowVoltagePercentOfNominal",
        ([f"constant_{name}", "", num(90), 0, *share, num(80)] for name, share in shares.items()),
    )
    yield from block(
        "LOADS",
        "SectionID,DeviceNumber,LoadType,Connection,Location",
        (
            (into[r["bus"]], device(r), "SPOT", 2 if r["connection"] == "delta" else 0, 1)
            for r in {device(r): r for r in f.loads}.values()
        ),
    )
    yield from block(
        "CUSTOMER LOADS",
        "SectionID,DeviceNumber,LoadType,CustomerNumber,CustomerType,ConnectionStatus,LockDuringLoadAllocation,Year,"
        "LoadModelID,NormalPriority,EmergencyPriority,ValueType,LoadPhase,Value1,Value2,ConnectedKVA,KWH,NumberOfCustomer",
        (customer(into[r["bus"]], r) for r in f.loads),
    )
    yield from block("LOAD MODEL INFORMATION", "ID,Name", [(1, "DEFAULT")])


def device(row: Row) -> str:
    """The device of a load: its id without the phase."""
    return row["load"].rpartition("_")[0]


def customer(section: str, row: Row) -> list[object]:
    """What the customers of a device take on one phase, as kW and kvar."""
    who = [section, device(row), "SPOT", row["load"], f"constant_{row['model']}", 0, 0, 2025, 1, 0, 0, 0]
    phase = FILED_UNDER.get(row["phases"], row["phases"])
    return [*who, phase, num(row["kw"]), num(row["kvar"]), num(0), num(0), num(row["customers"])]


# -------------------------------------------------------------------------------------------------- equipment file


def equipment(f: Facts) -> Iterator[str]:
    """The catalog: what the settings name."""
    overhead = [c for c in f.configurations.values() if c["kind"] == "overhead"]
    cables = [c for c in f.configurations.values() if c["kind"] == "matrix"]
    wires = sorted({c[part] for c in overhead for part in ("conductor", "neutral")})
    yield from block(
        "CONDUCTOR",
        "ID,Diameter,GMR,R25,R50,Amps,Amps_1,Amps_2,Amps_3,Amps_4",
        (wire(f.conductors[w]) for w in wires),
    )
    places = ",".join(f"PosOf{p}_{axis}" for p in ("Cond1", "Cond2", "Cond3", "NeutralCond") for axis in "XY")
    yield from block(
        "SPACING TABLE FOR LINE",
        f"ID,{places},NBPhasesPerCircuit,NBConductorsPerPhase,NBNeutrals",
        (spacing(f.spacings[s]) for s in sorted({c["spacing"] for c in overhead})),
    )
    mutual = (f"Mutual{q}{p}" for q in ("Resistance", "Reactance", "ShuntSusceptance") for p in PAIRS)
    yield from block(
        "LINE UNBALANCED",
        "ID,Ra,Rb,Rc,Xa,Xb,Xc,Ba,Bb,Bc,AmpsA,AmpsB,AmpsC,AmpsA_1,AmpsB_1,AmpsC_1,AmpsA_3,AmpsB_3,AmpsC_3,"
        + ",".join(mutual),
        (cable(f, c) for c in cables),
    )
    yield from block(
        "REGULATOR",
        "ID,Type,KVA,KVLN,MaxBuck,MaxBoost,Taps,Bandwidth,CT,PT,Reversible",
        (regulator_type(f, name, bank[0]) for name, bank in f.regulators.items()),
    )
    yield from stations(f)


def stations(f: Facts) -> Iterator[str]:
    """Switches, the substation, transformers and capacitors of the catalog."""
    yield from block(
        "SWITCH",
        "ID,Amps,Amps_1,Amps_2,Amps_3,Amps_4,KVLL",
        ([f"SWITCH-{a}", *[num(a)] * 5, num(15)] for a in sorted({r["normal_a"] for r in f.switches})),
    )
    s = f.source
    desired = num(float(s["kv_ll"]) * float(s["pu"]))
    ohm = [num(s[c]) for c in SOURCE_OHM]
    yield from block(
        "SUBSTATION",
        "ID,MVA,KVLL,KVLLdesired,R1,X1,R0,X0,Conn,PhaseAngle",
        [[f"SUB-{f.feeder}", num(s["mva"]), num(s["kv_ll"]), desired, *ohm, "YNG", num(0)]],
    )
    yield from block(
        "TRANSFORMER",
        "ID,Type,KVA,KVLLprim,KVLLsec,Z1,Z0,XR,XR0,Conn,NoLoadLosses,IsLTC",
        (transformer(r) for r in f.transformers),
    )
    yield from block(
        "SHUNT CAPACITOR",
        "ID,KVAR,KV,Type",
        ((r["capacitor"], each_kvar(r), num(r["kv_ln"]), 0) for r in f.capacitors),
    )


def wire(row: Row) -> list[str]:
    """A conductor: its normal rating in Amps, the summer one in Amps_1, the emergency one in Amps_3."""
    ohm = num(float(row["r_ohm_per_mile"]) / KM_PER_MILE)
    size = [num(float(row["diameter_in"]) * CM_PER_IN), num(float(row["gmr_ft"]) * CM_PER_FT)]
    amps = [row[f"{season}_a"] for season in ("normal", "summer", "normal", "emergency", "normal")]
    return [row["conductor"], *size, ohm, ohm, *(num(a) for a in amps)]


def spacing(row: Row) -> list[str]:
    """A spacing in metres."""
    at = [row[f"{axis}{i}_ft"] for i in (1, 2, 3, "n") for axis in "xy"]
    phases = sum(1 for i in (1, 2, 3) if row[f"x{i}_ft"])
    return [row["spacing"], *(num(float(v) * M_PER_FT) if v else "" for v in at), str(phases), "1", "1"]


def cable(f: Facts, row: Row) -> list[str]:
    """A line given by its matrices; phases that it has not stand at zero."""
    where = {p: i for i, p in enumerate(sorted(row["phasing"]))}
    matrices = per_km(f, row)

    def value(m: Matrix, pair: str) -> str:
        return num(m[where[pair[0]]][where[pair[1]]] if set(pair) <= set(where) else 0.0)

    own = [value(m, p + p) for m in matrices for p in "ABC"]
    amps = [num(a if p in where else 0.0) for a in f.ratings_a(row) for p in "ABC"]
    return [row["configuration"], *own, *amps, *(value(m, pair) for m in matrices for pair in PAIRS)]


def regulator_type(f: Facts, name: str, row: Row) -> list[object]:
    """A regulator of single-phase units, which is type 0; its kVA are those of its range, a tenth of what passes."""
    control = [num(row[c]) for c in ("band_v", "ct_primary_a", "pt_ratio")]
    return [name, 0, num(0.1 * float(row["kva"])), num(f.kv_ln(row["from_bus"])), num(10), num(10), 32, *control, 0]


def transformer(row: Row) -> list[object]:
    """A three-phase transformer."""
    r, x = float(row["r_pct"]), float(row["x_pct"])
    z, ratio = num(math.hypot(r, x)), num(x / r)
    rated = [num(row[c]) for c in ("kva", "primary_kv", "secondary_kv")]
    return [row["transformer"], 3, *rated, z, z, ratio, ratio, row["connection"], num(0), 0]
