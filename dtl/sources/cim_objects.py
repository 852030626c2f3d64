"""The objects of CIM files (RDF/XML of IEC 61970/61968) by their ids, merged over all files of a source.

The files are read object by object, so that a large one costs only what it holds. Entities, document types and
anything outside of the file are refused. Names are compared without their namespace: CIM16, CIM17 and CIM100 agree in
what is read here.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from zipfile import BadZipFile, ZipFile, is_zipfile

from lxml import etree

from dtl.errors import SourceError
from dtl.sources.record import Record, UnusableError

MAX_BYTES = 4 * 2**30
"""Largest file that is read."""
MAX_RATIO = 200
"""Most that an archive may unpack to, times its size."""
_LARGE = f"is larger than {MAX_BYTES // 2**30} GiB, or unpacks to more than {MAX_RATIO} times its size"
MAX_OBJECTS = 20_000_000
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_HEADERS = ("FullModel", "IEC61970CIMVersion", "IEC61968CIMVersion", "Ontology")


class Thing(Record):
    """An object: its class, id and properties; a reference is the id of its target, an enumeration its last word."""

    cls: str
    id: str

    @property
    def name(self) -> str:
        """Its name, else its id."""
        return self.text("IdentifiedObject.name") or self.id.lower()


@dataclass
class Store:
    """Objects by id, with the references between them in both directions."""

    things: dict[str, Thing] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    """What the files say of themselves: class of the header and its text."""
    profiles: set[str] = field(default_factory=set)
    """The profiles that their headers name."""
    repeated: dict[tuple[str, str], list[tuple[str, int, str, str]]] = field(default_factory=dict)
    """Values that an object states twice, otherwise: class and property -> file, line, id, and the two values."""
    _classes: dict[str, list[Thing]] = field(default_factory=dict)
    _back: dict[str, dict[str, list[Thing]]] = field(default_factory=dict)

    def of(self, *classes: str) -> list[Thing]:
        """All objects of the classes, in the order of the files."""
        if not self._classes:
            for thing in self.things.values():
                self._classes.setdefault(thing.cls, []).append(thing)
        return [t for c in classes for t in self._classes.get(c, ())]

    def to(self, thing: Thing, name: str) -> Thing | None:
        """The object that a property refers to, None where the property is not there.

        Raises
        ------
        UnusableError
            It refers to nothing in the files.
        """
        target = thing.text(name).split(" ")[0]
        if not target:
            return None
        found = self.things.get(target)
        if found is None:
            text = "refers to an object that is in none of the files"
            raise UnusableError("cim.dangling", text, name, target, "Add the file that holds it.")
        return found

    def must(self, thing: Thing, name: str) -> Thing:
        """As `to`, for a property that must be there."""
        found = self.to(thing, name)
        if found is None:
            text = "a value that must be there is missing"
            raise UnusableError("source.missing-value", text, name, "", "Add it to the source.")
        return found

    def back(self, thing: Thing, name: str) -> list[Thing]:
        """The objects whose property refers to this one, in the order of the files."""
        if name not in self._back:
            index: dict[str, list[Thing]] = {}
            for other in self.things.values():
                for target in str(other.values.get(name, "")).split(" ") if name in other.values else ():
                    index.setdefault(target, []).append(other)
            self._back[name] = index
        found = self._back[name].get(thing.id, [])
        for other in found:
            other.asked.add(name)
        return found


def load(store: Store, name: str, path: Path) -> None:
    """Add the objects of a file, or of the XML files in an archive, as CGMES is exchanged.

    Raises
    ------
    SourceError
        The file or what the archive unpacks to is too large, is no RDF/XML, or has a document type.
    """
    if path.stat().st_size > MAX_BYTES:
        raise SourceError(_LARGE)
    if not is_zipfile(path):
        with path.open("rb") as stream:
            _read(store, name, stream)
        return
    try:
        with ZipFile(path) as archive:
            members = [m for m in archive.infolist() if m.filename.lower().endswith((".xml", ".rdf"))]
            if sum(m.file_size for m in members) > min(MAX_BYTES, MAX_RATIO * path.stat().st_size):
                raise SourceError(_LARGE)
            if not members:
                raise SourceError("is an archive without a file *.xml")
            for member in sorted(members, key=lambda m: m.filename):
                with archive.open(member) as stream:
                    _read(store, f"{name}/{member.filename}", stream)
    except (BadZipFile, zlib.error, RuntimeError) as err:
        raise SourceError(f"is an archive that cannot be read: {str(err)[:200]}") from err


def _read(store: Store, name: str, stream: IO[bytes]) -> None:
    try:
        root = None
        events = etree.iterparse(
            stream,
            events=("start", "end"),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        depth = 0
        for event, element in events:
            if event == "start":
                if depth == 0:
                    root = element
                    _judge(element)
                depth += 1
                continue
            depth -= 1
            if depth == 1:
                _add(store, name, element)
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
    except etree.LxmlError as err:
        raise SourceError(f"is no well-formed XML: {str(err)[:200]}") from err
    if root is None:
        raise SourceError("is empty")


def _judge(root: etree._Element) -> None:
    if root.tag != f"{_RDF}RDF":
        raise SourceError(f"is no RDF: its root is {str(root.tag)[:60]}")
    info = root.getroottree().docinfo
    if info.doctype or info.internalDTD is not None:
        raise SourceError("has a document type, which could define entities")


def _add(store: Store, name: str, element: etree._Element) -> None:
    cls = _local(element.tag)
    stated = element.get(f"{_RDF}about") or element.get(f"{_RDF}ID") or element.get(f"{_RDF}nodeID") or ""
    if cls == "DifferenceModel":
        raise SourceError("is a difference between models: export the whole model")
    if cls in _HEADERS:
        store.profiles |= {str(c.text or "").strip() for c in element if _local(c.tag) == "Model.profile"}
        store.headers[f"{cls} {_id(stated)}"] = " ".join(str(c.text or "").strip() for c in element)[:200]
        return
    key = _id(stated)
    if not key:
        key = f"WITHOUT-ID-{len(store.things)}"
    thing = store.things.get(key)
    if thing is None:
        if len(store.things) >= MAX_OBJECTS:
            raise SourceError(f"holds more than {MAX_OBJECTS} objects")
        thing = Thing(f"{cls} {key}", name, {}, line=element.sourceline)
        thing.cls, thing.id = cls, key
        store.things[key] = thing
    elif thing.cls == "Description":
        thing.cls, thing.thing = cls, f"{cls} {key}"
    elif thing.cls != cls and cls != "Description":
        raise SourceError(f"line {element.sourceline}: {key} is a {cls} here and a {thing.cls} in {thing.file}")
    for child in element:
        if isinstance(child.tag, str):
            word, value = _local(child.tag), _value(child)
            known = thing.values.get(word)
            if known is None:
                thing.values[word] = value
            elif value not in known.split(" ") and value != known:
                if child.get(f"{_RDF}resource") is not None:
                    thing.values[word] = f"{known} {value}"
                elif not _same_number(known, value):
                    place = (name, child.sourceline or 0, thing.id, f"{known} and {value}"[:80])
                    store.repeated.setdefault((cls, word), []).append(place)


def _same_number(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def _id(text: str) -> str:
    text = text.strip().rpartition("#")[2] if "#" in text else text.strip()
    return text.removeprefix("urn:uuid:").removeprefix("_").upper()


def _value(element: etree._Element) -> str:
    target = element.get(f"{_RDF}resource")
    if target is None:
        return str(element.text or "").strip()
    last = target.rpartition("#")[2]
    if target.startswith(("http:", "https:")) and "." in last:
        return str(last.rpartition(".")[2])
    return _id(target)


def rename(store: Store) -> Iterator[str]:
    """Call every object by its class and name where that is unique; yields nothing but names that repeat."""
    seen: dict[str, Thing] = {}
    for thing in store.things.values():
        label = thing.values.get("IdentifiedObject.name")
        if not label:
            continue
        called = f"{thing.cls} {label}"
        if called in seen:
            yield called
            continue
        seen[called] = thing
        thing.thing = called
