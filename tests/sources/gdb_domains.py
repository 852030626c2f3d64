"""Gives file geodatabases what no writer of data frames gives them: coded-value domains and subtypes.

The library behind pyogrio can do the first; subtypes are written into the definition of the layer, as other software
does it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyogrio

UPDATE, VECTOR, DOMAIN_FLAG = 0x01, 0x04, 0x40


class _Pair(ctypes.Structure):
    _fields_ = (("code", ctypes.c_char_p), ("meaning", ctypes.c_char_p))


def gdal() -> Any:
    """The library behind pyogrio."""
    folder = Path(pyogrio.__file__).parent.parent / "pyogrio.libs"
    (path,) = folder.glob("libgdal*")
    library = ctypes.CDLL(str(path))
    for name in ("GDALOpenEx", "OGR_CodedFldDomain_Create", "GDALDatasetGetLayerByName", "OGR_L_GetLayerDefn",
                 "OGR_FD_GetFieldDefn", "OGR_Fld_Create", "OGR_L_GetNextFeature", "GDALGetDriverByName", "GDALCreate",
                 "OSRNewSpatialReference", "GDALDatasetCreateLayer", "OGR_F_Create"):  # fmt: skip
        getattr(library, name).restype = ctypes.c_void_p
    library.OGR_F_GetFieldAsString.restype = ctypes.c_char_p
    return library


class Database:
    """A geodatabase that is open for changes until `close`."""

    def __init__(self, path: Path):
        self.library = gdal()
        options = (ctypes.c_char_p * 2)(b"LIST_ALL_TABLES=YES", None)
        self.data = ctypes.c_void_p(
            self.library.GDALOpenEx(str(path).encode(), UPDATE | VECTOR, None, options, None)
        )  # fmt: skip
        assert self.data.value

    def _layer(self, name: str) -> ctypes.c_void_p:
        return ctypes.c_void_p(self.library.GDALDatasetGetLayerByName(self.data, name.encode()))

    def domain(self, name: str, codes: Mapping[Any, str]) -> None:
        """Add a domain of whole numbers, or of texts where a code is text."""
        kind = 4 if any(isinstance(c, str) for c in codes) else 0
        pairs = [_Pair(str(c).encode(), m.encode()) for c, m in codes.items()]
        array = (_Pair * (len(pairs) + 1))(*pairs, _Pair(None, None))
        made = ctypes.c_void_p(self.library.OGR_CodedFldDomain_Create(name.encode(), b"", kind, 0, array))
        assert self.library.GDALDatasetAddFieldDomain(self.data, made, None)

    def use(self, layer: str, column: str, domain: str) -> None:
        """Give a column its domain."""
        lib, own = self.library, self._layer(layer)
        layout = ctypes.c_void_p(lib.OGR_L_GetLayerDefn(own))
        at = lib.OGR_FD_GetFieldIndex(layout, column.encode())
        old = ctypes.c_void_p(lib.OGR_FD_GetFieldDefn(layout, at))
        new = ctypes.c_void_p(lib.OGR_Fld_Create(column.encode(), lib.OGR_Fld_GetType(old)))
        lib.OGR_Fld_SetDomainName(new, domain.encode())
        assert lib.OGR_L_AlterFieldDefn(own, at, new, DOMAIN_FLAG) == 0

    def subtypes(
        self, layer: str, column: str, names: Mapping[int, str], domains: Mapping[int, dict[str, str]]
    ) -> None:
        """Declare subtypes of a layer, and the domains of columns within some of them."""
        xml = f"<SubtypeFieldName>{column}</SubtypeFieldName><Subtypes>"
        for code, name in names.items():
            own = "".join(
                f"<SubtypeFieldInfo><FieldName>{c}</FieldName><DomainName>{d}</DomainName></SubtypeFieldInfo>"
                for c, d in domains.get(code, {}).items()
            )
            xml += f"<Subtype><SubtypeName>{name}</SubtypeName><SubtypeCode>{code}</SubtypeCode>"
            xml += f"<FieldInfos>{own}</FieldInfos></Subtype>"
        self._define(layer, lambda text: text.replace("<CLSID>", xml + "</Subtypes><CLSID>", 1))

    def _define(self, layer: str, change: Any) -> None:
        lib, items = self.library, self._layer("GDB_Items")
        layout = ctypes.c_void_p(lib.OGR_L_GetLayerDefn(items))
        name, definition = (lib.OGR_FD_GetFieldIndex(layout, c) for c in (b"Name", b"Definition"))
        while found := lib.OGR_L_GetNextFeature(items):
            row = ctypes.c_void_p(found)
            if lib.OGR_F_GetFieldAsString(row, name) == layer.encode():
                text = lib.OGR_F_GetFieldAsString(row, definition).decode()
                lib.OGR_F_SetFieldString(row, definition, change(text).encode())
                assert lib.OGR_L_SetFeature(items, row) == 0
                return
        raise AssertionError(layer)

    def close(self) -> None:
        """Write what was changed."""
        self.library.GDALClose(self.data)
