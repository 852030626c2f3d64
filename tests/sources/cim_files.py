"""A small CIM100 model written by hand, object by object, for tests."""

from __future__ import annotations

HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<rdf:RDF xmlns:cim="http://iec.ch/TC57/CIM100#" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
)
TAIL = "</rdf:RDF>\n"


def thing(cls: str, key: str, name: str | None = None, **words: object) -> str:
    """An object; `a__b` is the property a.b, a value that begins with # a reference, one with : an enumeration."""
    lines = [f'<cim:{cls} rdf:about="urn:uuid:{key}">']
    for word, value in ({"IdentifiedObject__name": name} | words).items():
        prop, text = word.replace("__", "."), str(value)
        if value is None:
            continue
        if text.startswith("#"):
            lines.append(f' <cim:{prop} rdf:resource="urn:uuid:{text[1:]}"/>')
        elif text.startswith(":"):
            lines.append(f' <cim:{prop} rdf:resource="http://iec.ch/TC57/CIM100#{text[1:]}"/>')
        else:
            lines.append(f" <cim:{prop}>{text}</cim:{prop}>")
    return "\n".join([*lines, f"</cim:{cls}>", ""])


def equipment(cls: str, key: str, *nodes: str, **words: object) -> str:
    """Equipment of the feeder F at nodes, at the nominal voltage V."""
    about = {"Equipment__EquipmentContainer": "#F", "ConductingEquipment__BaseVoltage": "#V"} | words
    rows = [thing(cls, key, key.lower(), **about)]
    for i, node in enumerate(nodes, 1):
        rows.append(thing("Terminal", f"{key}-T{i}", None, Terminal__ConductingEquipment=f"#{key}",
                          Terminal__ConnectivityNode=f"#{node}", ACDCTerminal__sequenceNumber=i))  # fmt: skip
    return "".join(rows)


def phases(cls: str, back: str, word: str, owner: str, *letters: str, **words: object) -> str:
    """The phase objects of a piece of equipment."""
    return "".join(
        thing(cls, f"{owner}-{a}", None, **{back: f"#{owner}", word: f":SinglePhaseKind.{a}"}, **words) for a in letters
    )


def base() -> list[str]:
    """Feeder, nominal voltage, three nodes and a source of 12.47 kV."""
    return [
        thing("Feeder", "F", "north"),
        thing("BaseVoltage", "V", None, BaseVoltage__nominalVoltage=12470),
        *(thing("ConnectivityNode", n, n.lower()) for n in ("HEAD", "MID", "END")),
        equipment("EnergySource", "SOURCE", "HEAD", EnergySource__nominalVoltage=12470,
                  EnergySource__voltageMagnitude=12719.4, EnergySource__voltageAngle=0.52359878,
                  EnergySource__r=0.01, EnergySource__x=0.1, EnergySource__r0=0.02, EnergySource__x0=0.2),
    ]  # fmt: skip


def line(key: str, first: str, last: str, *letters: str, impedance: str = "Z", meters: float = 1000.0) -> str:
    """A line with phase objects for the letters."""
    return equipment(
        "ACLineSegment", key, first, last, Conductor__length=meters, ACLineSegment__PerLengthImpedance=f"#{impedance}"
    ) + "".join(
        thing("ACLineSegmentPhase", f"{key}-{a}", None, ACLineSegmentPhase__ACLineSegment=f"#{key}",
              ACLineSegmentPhase__phase=f":SinglePhaseKind.{a}", ACLineSegmentPhase__sequenceNumber=i)
        for i, a in enumerate(letters, 1)
    )  # fmt: skip


def matrix(key: str, size: int, own: complex = 2e-4 + 6e-4j, mutual: complex = 1e-4 + 2e-4j, **how: bool) -> str:
    """A record of phase impedances [ohm/m]; with `numbered` its cells have numbers down the columns."""
    rows = [thing("PerLengthPhaseImpedance", key, key.lower(), PerLengthPhaseImpedance__conductorCount=size)]
    cells = [(i, j) for j in range(1, size + 1) for i in range(j, size + 1)]
    for number, (i, j) in enumerate(cells, 1):
        z = own if i == j else mutual
        where = {"sequenceNumber": number} if how.get("numbered") else {"row": i, "column": j}
        words = {f"PhaseImpedanceData__{k}": v for k, v in (where | {"r": z.real, "x": z.imag, "b": 0}).items()}
        rows.append(
            thing("PhaseImpedanceData", f"{key}-{number}", None, PhaseImpedanceData__PhaseImpedance=f"#{key}", **words)
        )
    return "".join(rows)


def load(key: str, node: str, watts: float, vars_: float, *letters: str, joined: str = "Y", **words: object) -> str:
    """A load; with letters its power is shared evenly."""
    about = {"EnergyConsumer__p": watts, "EnergyConsumer__q": vars_,
             "EnergyConsumer__phaseConnection": f":PhaseShuntConnectionKind.{joined}"}  # fmt: skip
    n, back = max(len(letters), 1), "EnergyConsumerPhase__EnergyConsumer"
    share = {"EnergyConsumerPhase__p": watts / n, "EnergyConsumerPhase__q": vars_ / n}
    return equipment("EnergyConsumer", key, node, **about, **words) + phases(
        "EnergyConsumerPhase", back, "EnergyConsumerPhase__phase", key, *letters, **share
    )


def small() -> list[str]:
    """A sound feeder: two lines, a switch and two loads."""
    return [
        *base(),
        thing("ConnectivityNode", "TIE", "tie"),
        matrix("Z", 3),
        matrix("Y", 1),
        line("ONE", "HEAD", "MID", "A", "B", "C"),
        line("TWO", "TIE", "END", "B", impedance="Y", meters=500.0),
        equipment("Breaker", "CB", "MID", "TIE", Switch__normalOpen="false", Switch__open="false",
                  Switch__ratedCurrent=600),
        load("BIG", "MID", 300000, 90000),
        load("SMALL", "END", 50000, 10000, "B"),
    ]  # fmt: skip


def file(parts: list[str]) -> str:
    """The objects as a file."""
    return HEAD + "".join(parts) + TAIL
