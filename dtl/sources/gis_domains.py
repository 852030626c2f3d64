"""What the codes of a layer mean by the file itself: coded-value domains and subtypes of geodatabases and GeoPackages.

The library gives the codes only. A geodatabase keeps their meanings as XML in its table ``GDB_Items``, a GeoPackage in
two tables of its extension ``gpkg_schema``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.compute as pc
import pyogrio

from dtl.sources.gis_text import text

Meanings = Mapping[str, str]
"""What each code of a domain means."""


@dataclass(frozen=True)
class Coded:
    """The domain of a column: its name and meanings, and of subtypes that have another one, theirs."""

    name: str = ""
    meanings: Meanings = field(default_factory=dict)
    subtypes: Mapping[str, Meanings] = field(default_factory=dict)
    by: str = ""
    """The column of subtypes."""

    def of(self, table: pa.Table, column: str) -> pa.Array:
        """The meaning of each code in a column of a layer; null where the domain does not know it."""
        codes = text(table[column])
        found = _meant(codes, self.meanings)
        if self.subtypes and self.by in table.column_names:
            kinds = text(table[self.by])
            for kind, meanings in self.subtypes.items():
                found = pc.if_else(pc.fill_null(pc.equal(kinds, kind), False), _meant(codes, meanings), found)
        return found


Domains = dict[str, Coded]
"""The domains of a layer, by column."""


def geodatabase(source: str) -> dict[str, Domains]:
    """The domains of every layer that a file geodatabase lists, those without any too.

    Raises as the library does, and ValueError on damaged XML.
    """
    _, table = pyogrio.read_arrow(source, layer="GDB_Items", read_geometry=False, LIST_ALL_TABLES="YES")
    items = [_parsed(d) for d in table["Definition"].to_pylist() if d]
    domains = {_said(i, "DomainName"): _values(i) for i in items if _kind(i).startswith("GPCodedValueDomain")}
    layers = [i for i in items if _kind(i) in ("DEFeatureClassInfo", "DETableInfo")]
    return {_said(i, "Name"): _columns(i, domains) for i in layers}


def geopackage(source: str) -> dict[str, Domains]:
    """The domains of every layer of a GeoPackage; raises as the library does."""
    _, there = pyogrio.read_arrow(source, sql="SELECT name FROM sqlite_master WHERE name LIKE 'gpkg_data_column%'")
    if len(there) < 2:
        return {}
    _, rows = pyogrio.read_arrow(
        source,
        sql="SELECT table_name, column_name, constraint_name, value, c.description FROM gpkg_data_columns "
        "JOIN gpkg_data_column_constraints c USING (constraint_name) WHERE constraint_type = 'enum'",
    )
    made: dict[tuple[str, str, str], dict[str, str]] = {}
    for row in rows.to_pylist():
        layer, column, name, value, meaning = (str(v or "").strip() for v in row.values())
        if value and meaning:
            made.setdefault((layer, column, name), {})[value] = meaning
    found: dict[str, Domains] = {}
    for (layer, column, name), meanings in made.items():
        found.setdefault(layer, {})[column] = Coded(name, meanings)
    return found


def _meant(codes: pa.Array, meanings: Meanings) -> pa.Array:
    at = pc.index_in(codes, pa.array(list(meanings), pa.string()))
    return pa.array(list(meanings.values()), pa.string()).take(at)


def _parsed(definition: str) -> ElementTree.Element:
    """The XML of a definition without namespaces; one with a document type is refused."""
    if "<!DOCTYPE" in definition:
        raise ValueError("a definition has a document type")
    try:
        root = ElementTree.fromstring(definition)
    except ElementTree.ParseError as err:
        raise ValueError(f"a definition is no XML: {err}") from err
    for element in root.iter():
        element.tag = _kind(element)
    return root


def _kind(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _said(element: ElementTree.Element, name: str) -> str:
    return (element.findtext(name) or "").strip()


def _values(domain: ElementTree.Element) -> dict[str, str]:
    pairs = ((_said(v, "Code"), _said(v, "Name")) for v in domain.iter("CodedValue"))
    return {code: meaning for code, meaning in pairs if code and meaning}


def _columns(layer: ElementTree.Element, domains: Mapping[str, dict[str, str]]) -> Domains:
    named = {_said(f, "Name"): _said(f, "DomainName") for f in layer.iter("GPFieldInfoEx")}
    by, kinds = _said(layer, "SubtypeFieldName"), list(layer.iter("Subtype"))
    own = {k: dict(_named(k)) for k in kinds}
    found: Domains = {}
    for column, name in named.items():
        if column == by and kinds:
            found[column] = Coded("subtypes", {_said(k, "SubtypeCode"): _said(k, "SubtypeName") for k in kinds})
            continue
        other = {
            _said(k, "SubtypeCode"): domains.get(own[k][column], {}) for k in kinds if own[k].get(column, name) != name
        }
        if name in domains or any(other.values()):
            found[column] = Coded(name or "by subtype", domains.get(name, {}), other, by)
    return found


def _named(subtype: ElementTree.Element) -> Iterator[tuple[str, str]]:
    """The columns for which a subtype names a domain."""
    for info in subtype.iter("SubtypeFieldInfo"):
        if domain := _said(info, "DomainName"):
            yield _said(info, "FieldName"), domain
