"""The source ``cyme_xml``: self-contained studies of CYME (``.sxst``); studies that need a database are refused.

A file is read element by element, so its size does not matter. Document types, and with them entities, are refused; so
are archives that unpack to more than they can honestly hold. What no reader knows is listed by element.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from lxml import etree

from dtl.sources import cyme_xml_words as words
from dtl.sources.cyme_model import begin, convert
from dtl.sources.cyme_sets import sets
from dtl.sources.cyme_tables import Dialect, Row, Rows, Tables
from dtl.sources.reading import Reading

UNPACKED_BYTES = 2_000_000_000
UNPACKED_RATIO = 200
"""The most that an archive may unpack to, in all and over its own size."""

SUFFIXES = (".sxst", ".xst", ".zxst", ".xml")

_ROWS = {"Nodes": "Node", "Sections": "Section", "Sources": "Source"}
"""Rows of a network, by the element that holds them."""

_EQUIPMENT = {tag.upper(): kind for tag, kind in words.EQUIPMENT.items()}
_DEVICES = {tag.upper(): kind for tag, kind in words.DEVICES.items()}

_FRAME = {"Equipments", "EquipmentDBs", "Networks", "Network", "Nodes", "Sections", "Sources", "Topos", "Topo"}


class RefusedError(Exception):
    """A file that is not read: `check` says which kind of fault it is."""

    def __init__(self, check: str, message: str, value: str = "", remedy: str = "Export the study again."):
        self.check, self.value, self.remedy = check, value, remedy
        super().__init__(message)


def read(name: str, spec: Mapping[str, Any], files: Mapping[str, Path]) -> Reading:
    """Read all feeders of some studies; `spec` is the source in the study."""
    reading, there = begin(name, "cyme_xml", spec, files)
    studies = {n: p for n, p in there.items() if p.suffix.lower() in SUFFIXES}
    return convert(reading, list(sets(reading, studies, str(spec.get("path") or ""), _read_tables)), spec)


def _read_tables(reading: Reading, files: Mapping[str, Path]) -> Tables | None:
    """The tables of some studies together; None, and a finding, when one of them cannot be read."""
    tables, sound = Tables(files=set(files)), True
    for name in sorted(files):
        study = _Study(tables, name)
        try:
            with _opened(files[name]) as stream:
                study.read(stream)
            study.close()
        except RefusedError as err:
            reading.find(err.check, "error", str(err), file=name, value=err.value, remedy=err.remedy)
            sound = False
        except (etree.XMLSyntaxError, zipfile.BadZipFile, EOFError, RuntimeError) as err:
            text = f"the file is no sound XML: {str(err)[:160]}"
            reading.find("cyme.xml-damaged", "error", text, file=name, remedy="Export the study again.")
            sound = False
        study.report(reading)
    return tables if sound else None


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """The XML of a file: itself, or the only study in an archive."""
    if path.suffix.lower() != ".zxst":
        with path.open("rb") as stream:
            yield stream
        return
    with zipfile.ZipFile(path) as archive:
        inside = [i for i in archive.infolist() if not i.is_dir()]
        if len(inside) != 1 or not inside[0].filename.lower().endswith((".xst", ".sxst")):
            names = ", ".join(i.filename for i in inside[:5])
            raise RefusedError("cyme.xml-archive", "the archive does not hold exactly one study", names)
        size = inside[0].file_size
        if size > UNPACKED_BYTES or size > UNPACKED_RATIO * max(path.stat().st_size, 1):
            raise RefusedError("cyme.xml-archive", "the archive unpacks to more than a study can be", f"{size} bytes")
        with archive.open(inside[0]) as stream:
            yield stream


class _Study:
    """Turns the elements of one file into rows, one after the other."""

    def __init__(self, tables: Tables, file: str):
        self.tables, self.file = tables, file
        self.network: dict[str, str] = {}
        self.topos: list[str] = []
        self.heads: list[Row] = []
        self.scope: list[str] = []
        self.strange: dict[str, tuple[int, int]] = {}
        self.found = 0

    def read(self, stream: IO[bytes]) -> None:
        """Read the whole file."""
        way: list[str] = []
        inside = ""
        options = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
        for event, element in etree.iterparse(stream, events=("start", "end"), **options):
            if not isinstance(element.tag, str):
                continue
            if event == "start":
                if not way and element.getroottree().docinfo.internalDTD is not None:
                    text = "the file has a document type, and so may have entities; that is not read"
                    raise RefusedError("cyme.xml-entities", text)
                way.append(_tag(element))
                inside = inside or ("/".join(way) if self._is_row(way) else "")
                continue
            here = "/".join(way)
            way.pop()
            if inside and inside != here:
                continue
            if inside:
                self.found += 1
                self._row(way, element)
                inside = ""
            else:
                self._loose(way, element)
            element.clear()
            while way and element.getprevious() is not None:
                del element.getparent()[0]

    def close(self) -> None:
        """Check that the file held something; raises RefusedError otherwise."""
        if not self.found:
            if self.scope:
                text = "names the feeders of a study and does not hold them: they stand in a database"
                cure = "Read the database (`kind: cyme_mdb`), or save the study as self-contained (.sxst)."
                raise RefusedError("cyme.xml-scope", text, ", ".join(self.scope[:10]), cure)
            raise RefusedError("cyme.xml-foreign", "is no study of CYME: it has neither sections nor equipment")

    def report(self, reading: Reading) -> None:
        """Findings for the elements that no reader knows."""
        for name, (count, line) in sorted(self.strange.items()):
            last = name.rpartition("/")[2]
            known = words.IDLE.get(last)
            text = f"{count} elements in <{last}> are not read: {known or 'no reader knows them'}"
            reading.find(
                "cyme.unknown-element", "info" if known else "warning", text, file=self.file, line=line, element=name,
                value=str(count), remedy="Check whether the study depends on it.",
            )  # fmt: skip

    @staticmethod
    def _is_row(way: list[str]) -> bool:
        if len(way) < 2:
            return False
        if way[-2] == "EquipmentDBs" or words.LISTS.get(way[-2]) == way[-1]:
            return True
        return "Network" in way and _ROWS.get(way[-2]) == way[-1]

    def _row(self, way: list[str], element: Any) -> None:
        """One element that is a row, or several."""
        tag = _tag(element)
        if way[-1] == "EquipmentDBs" or way[-1] in words.LISTS:
            self._equipment(tag, element)
        elif tag == "Node":
            self.add("NODE", words.NODE, element, "NodeID")
        elif tag == "Section":
            self._section(element)
        else:
            source = self.add("SOURCE", words.SOURCE, element, "SourceNodeID")
            self.heads.append(source)
            part = "EQUIVALENTSOURCEMODELS/"
            if any(k.startswith(part) for k in source.values):
                equivalent = self.add("SOURCE EQUIVALENT", words.EQUIVALENT, element, "SourceNodeID")
                source.values = {k: v for k, v in source.values.items() if not k.startswith(part)}
                equivalent.values = {
                    k: v for k, v in equivalent.values.items() if k.startswith(part) or k == "SOURCENODEID"
                }

    def _loose(self, way: list[str], element: Any) -> None:
        """An element outside of all rows: one of the frame, a word about the network, or unknown."""
        tag = _tag(element)
        text = (element.text or "").strip()
        if way and (tag, way[-1]) in (("Network", "Networks"), ("Topo", "Topos")):
            for name, value in element.attrib.items():
                self.network.setdefault(_local(name), value.strip())
            self._network(tag, element.sourceline or 0)
        elif way and way[-1] in ("Network", "Topo") and not len(element):
            self.network.setdefault(tag.upper(), text)
        elif tag == "NetworkID" and way and way[-1] == "Networks":
            self.scope.append(text)
        elif tag == "Version" and len(way) == 1:
            self.tables.version = text
        elif way and tag not in _FRAME and (text or element.attrib):
            whole = [*way, tag]
            first = next((i for i, part in enumerate(whole) if i and part not in _FRAME), len(whole) - 1)
            name = "/".join(whole[: first + 1])
            count, line = self.strange.get(name, (0, element.sourceline or 0))
            self.strange[name] = (count + 1, line)

    def _network(self, tag: str, line: int) -> None:
        """A network ends, or one of those that an element ``Network`` holds: its own words are the feeder's row."""
        name = self.network.get("NETWORKID", "")
        if name or (tag == "Network" and not self.topos):
            row = Row("FEEDER", self.file, line, self.network, network=name, table=tag)
            row.links += self.heads[:1]
            for head in self.heads:
                head.values["NETWORKID"] = name
            self.tables.feeders.setdefault(name, row)
            self.topos.append(name)
            self.network, self.heads = {}, []
        if tag == "Network":
            for section in self.tables.rows("SECTION"):
                if not section.network and section.file == self.file:
                    section.network = section.text("OwnerID", default=self.topos[0])
            self.network, self.topos = {}, []

    def _equipment(self, tag: str, element: Any) -> None:
        block, dialect = _EQUIPMENT.get(tag.upper()) or (tag, Dialect({"ID": "EQUIPMENTID"}))
        self.add(block, dialect, element, dialect.columns.get("ID", "ID"))

    def _section(self, element: Any) -> None:
        """A section, the vertices of its path and its devices."""
        section = self.add("SECTION", Dialect(), element, "SectionID", without=("Devices", "IntermediatePoints"))
        number = section.peek("SectionID")
        for i, point in enumerate(element.iterfind("{*}IntermediatePoints/{*}Point"), 1):
            row = self.add("INTERMEDIATE NODES", Dialect({"COORDX": "X", "COORDY": "Y"}), point, "X")
            row.values = {"SECTIONID": number, "SEQNUMBER": str(i), **row.values}
        holder = element.find("{*}Devices")
        for device in holder if holder is not None else ():
            if isinstance(device.tag, str):
                self._device(number, device)

    def _device(self, section: str, element: Any) -> None:
        tag = _tag(element)
        block, dialect = _DEVICES.get(tag.upper()) or (f"{tag.upper()} SETTING", Dialect())
        row = self.add(block, dialect, element, "DeviceNumber", without=("CustomerLoads",))
        row.values["SECTIONID"] = section
        if load_type := words.LOAD_TYPES.get(tag):
            row.values["LOADTYPE"] = load_type
            self._customers(row, load_type, element)

    def _customers(self, device: Row, load_type: str, element: Any) -> None:
        """One row for each value of each customer of a load."""
        known = {"DEVICENUMBER": device.peek("DeviceNumber"), "LOADTYPE": load_type}
        for customer in element.iterfind("{*}CustomerLoads/{*}CustomerLoad"):
            own = _leaves(customer, without=("CustomerLoadModels",))
            for model in customer.iterfind("{*}CustomerLoadModels/{*}CustomerLoadModel"):
                mine = {f"MODEL/{k}": v for k, v in _leaves(model, without=("CustomerLoadValues",)).items()}
                for value in model.iterfind("{*}CustomerLoadValues/{*}*"):
                    self._value({**known, **own, **mine}, value)

    def _value(self, known: Mapping[str, str], value: Any) -> None:
        """One value of a customer's load, given what else is known of it."""
        stated = {f"VALUE/{k}": v for k, v in _leaves(value).items()}
        kind, one, two = _way(value)
        stated.pop("VALUE/LOADVALUE/TYPE", None)
        stated["VALUE/TYPE"] = kind
        pairs = {"VALUE1": f"VALUE/LOADVALUE/{one}", "VALUE2": f"VALUE/LOADVALUE/{two}"}
        row = Row("CUSTOMER LOADS", self.file, value.sourceline, {**known, **stated}, table="CustomerLoad")
        known_by = words.spoken(words.CUSTOMER, row.values)
        row.dialect = Dialect({**known_by.columns, **pairs}, known_by.codes)
        self.tables.blocks.setdefault("CUSTOMER LOADS", Rows()).append(row)

    def add(self, block: str, dialect: Dialect, element: Any, key: str, without: tuple[str, ...] = ()) -> Row:
        """A row of all properties below an element, its key first."""
        values = _leaves(element, without)
        if key.upper() in values:
            values = {key.upper(): values[key.upper()], **values}
        row = Row(block, self.file, element.sourceline, values, table=_tag(element))
        row.dialect = words.spoken(dialect, values)
        self.tables.blocks.setdefault(block, Rows()).append(row)
        return row


def _way(value: Any) -> tuple[str, str, str]:
    """How a value states power, and its two properties; what it is called where that is none of the known ways."""
    holder = value.find("{*}LoadValue")
    if _tag(value) != "CustomerLoadValue" or holder is None:
        return _tag(value), "", ""
    told = next((text for name, text in holder.attrib.items() if _local(name) == "TYPE"), "")
    has = {_tag(child).upper() for child in holder if isinstance(child.tag, str)}
    fit = [v for k, ways in words.VALUES.items() for v in ways if told in ("", k) and {v[1], v[2]} <= has]
    return fit[0] if fit else (told or "LoadValue", "", "")


def _tag(element: Any) -> str:
    return str(etree.QName(element).localname)


def _local(name: Any) -> str:
    """The name of an attribute without its namespace, upper case."""
    return str(etree.QName(name).localname).upper()


def _leaves(element: Any, without: tuple[str, ...] = (), way: str = "") -> dict[str, str]:
    """The texts below an element and its attributes by their way, upper case; one that stands again gets a number."""
    found = {f"{way}{_local(name)}": text.strip() for name, text in element.attrib.items()}
    for child in element:
        if not isinstance(child.tag, str) or _tag(child) in without:
            continue
        name = f"{way}{_tag(child).upper()}"
        inner = _leaves(child, (), f"{name}/")
        if not len(child):
            inner[name] = (child.text or "").strip()
        for key, text in inner.items():
            n, fresh = 1, key
            while fresh in found:
                n += 1
                fresh = f"{key}#{n}"
            found[fresh] = text
    return found
