"""What each SCADA tag is: feeder, device, quantity, unit and direction, from a list of tags or from the study."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dtl.sources.listing import CellError, Field, Manner, columns, folded, listed, refuse, shipped
from dtl.sources.oms_words import BLANK, alias
from dtl.sources.reading import Reading

FIELDS = tuple(
    Field(n, "text", n == "tag")
    for n in ("tag", "feeder", "device", "quantity", "unit", "phases", "sign", "scale", "record", "quality")
)
_PHASED = re.compile(r"(?P<what>.+?) (?:phase |ph )?(?P<phases>[abc]{1,3})")
_FAULT = re.compile(r"\[-\d+\] ")
"""A historian's number of a fault, as in ``[-11059] No Good Data For Calculation``."""
STATES = ("status", "tap")
"""Quantities of states, which do not vary from step to step."""


@dataclass(frozen=True)
class Tag:
    """One tag: whose values it holds, of which quantity, by what a value is multiplied, and how it is recorded."""

    name: str
    feeder: str
    device: str
    quantity: str
    phases: str
    factor: float
    event: bool
    quality: str = ""
    """The column of its quality codes in a file with a column for each tag; empty: that of the row."""


def known(reading: Reading, spec: Mapping[str, Any], files: Mapping[str, Path]) -> dict[str, Tag]:
    """The tags of a source by name; what cannot be understood is a finding, and accounted for as refused."""
    feeder, device = alias(spec.get("feeder_names")), alias(spec.get("device_names"))
    found: dict[str, Tag] = {}
    for file, line, words in _stated(reading, spec, files):
        name = words["tag"]
        try:
            if name in found:
                raise CellError("given.duplicate", "tag", name, "the tag is listed already; the first counts",
                                "Keep one row for each tag.")  # fmt: skip
            found[name] = _tag(words, feeder, device)
            named = stated_units(name, found[name].quantity)
            if named and not words["scale"] and abs(found[name].factor) not in named:
                reading.find("scada.unit-name", "warning", "its name states another unit than the one declared",
                             file=file, line=line or None, element=f"tag {name}", field="unit", value=words["unit"],
                             remedy="Declare the true unit, or a scale.")  # fmt: skip
        except CellError as err:
            if line:
                refuse(reading, file, line, err)
            else:
                reading.find(err.check, "error", str(err), element=f"tag {name}", field=err.field, value=err.value,
                             remedy=err.remedy)  # fmt: skip
    return found


def _stated(
    reading: Reading, spec: Mapping[str, Any], files: Mapping[str, Path]
) -> Iterator[tuple[str, int, dict[str, str]]]:
    """The words about each tag, with file and line; line 0 for those that stand in the study."""
    tags = spec.get("tags")
    empty = {f.name: "" for f in FIELDS}
    if isinstance(tags, Mapping) and tags:
        for name, words in sorted(tags.items()):
            yield "", 0, empty | {k: str(v) for k, v in words.items() if v is not None} | {"tag": name}
    elif tags:
        word = spec.get("tag_columns")
        path, manner = files.get(str(tags), Path()), Manner(word=word)
        for row in listed(reading, str(tags), path, columns(word, "tags"), FIELDS, manner):
            yield row.file, row.line, dict(row.values)
    else:
        reading.find("scada.tags", "error", "nothing says what the tags are", field="tags",
                     remedy="Name a list of tags, or write a map: feeder, device, quantity, unit.")  # fmt: skip


def _tag(words: Mapping[str, str], feeder: Any, device: Any) -> Tag:
    quantity, phases = _quantity(words["quantity"])
    unit, factor = _unit(words["unit"] or _implied(words["quantity"], quantity), quantity)
    quantity = quantity or unit
    if quantity in ("kw", "kvar", "kva", "a", "kv", "kv_ln", "tap", "pf") and words["phases"]:
        phases = _phases(words["phases"])
    scale = words["scale"] or "1"
    if not re.fullmatch(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,2})?", scale) or float(scale) == 0:
        raise CellError("given.number", "scale", scale, "is no factor", "Write a number as 0.001.")
    sign = _word("signs", words["sign"] or "out")
    record = _word("records", words["record"] or ("event" if quantity == "status" else "interval"))
    for field, word in (("sign", sign), ("record", record)):
        if word is None:
            raise CellError("given.word", field, words[field], f"is no {field} of a tag", "Write "
                            + ("out or in." if field == "sign" else "interval or event."))  # fmt: skip
    turned = -1.0 if sign == "in" and quantity in ("kw", "kvar") else 1.0
    return Tag(
        name=words["tag"],
        feeder=feeder(words["feeder"]) or words["feeder"],
        device=device(words["device"]) or words["device"],
        quantity=quantity,
        phases="" if phases == "ABC" else phases,
        factor=factor * float(scale) * turned,
        event=record == "event",
        quality=words["quality"],
    )


def _phases(text: str) -> str:
    """The letters of phases, sorted. A word of other letters (R, L1, 3) says no phases, and is never all of them."""
    if text.casefold() in BLANK:
        return ""
    letters = set(text.upper()) - set("N, /-")
    if not letters or letters - set("ABC"):
        raise CellError("given.word", "phases", text, "are no phases", "Write A, AB or ABC; nothing where it is all.")
    return "".join(sorted(letters))


def _quantity(text: str) -> tuple[str, str]:
    """The quantity that a text names, empty for no text, and the phases at its end."""
    if not text:
        return "", ""
    if found := _word("quantities", text):
        return found, ""
    phased = _PHASED.fullmatch(folded(text))
    if phased and (found := _word("quantities", phased["what"])):
        return found, "".join(sorted(set(phased["phases"].upper())))
    raise CellError("scada.quantity", "quantity", text, "is no quantity that is known",
                    "Write kw, kvar, kva, kv, kv_ln, a, pf, hz, tap or status.")  # fmt: skip


def _implied(text: str, quantity: str) -> str:
    """The unit that the word of a quantity is at the same time, as MW or watts; empty for other words."""
    phased = _PHASED.fullmatch(folded(text))
    words = (folded(text), phased["what"] if phased else "")
    factors = shipped("scada_words")["units"].get("kv" if quantity == "kv_ln" else quantity, {})
    spelled = shipped("scada_words")["spelled"]
    return next((w for w in (spelled.get(w, w) for w in words) if w in factors), "")


def stated_units(name: str, quantity: str) -> set[float]:
    """Factors of the units of a quantity that the name of a tag states, as MW in ``NS101_MW``."""
    factors = shipped("scada_words")["units"].get("kv" if quantity == "kv_ln" else quantity, {})
    return {float(factors[w]) for w in re.split(r"[^a-z]+", name.lower()) if len(w) > 1 and w in factors}


def _unit(text: str, quantity: str) -> tuple[str, float]:
    """The quantity that a unit tells, and its factor; a quantity without a unit has its own."""
    units = shipped("scada_words")["units"]
    text = shipped("scada_words")["spelled"].get(folded(text), text)
    if not text:
        if not quantity:
            raise CellError("scada.quantity", "quantity", "", "neither a quantity nor a unit is stated", "State it.")
        return quantity, 1.0
    asked = "kv" if quantity == "kv_ln" else quantity
    for kind, factors in units.items():
        if folded(text) in factors and asked in ("", kind):
            return kind, float(factors[folded(text)])
    if quantity in ("pf", "status"):
        return quantity, 0.01 if quantity == "pf" and folded(text) in ("%", "pct", "percent", "per cent") else 1.0
    raise CellError("scada.unit", "unit", text, f"is no unit of {quantity or 'a quantity that is known'}",
                    "Correct the unit or the quantity.")  # fmt: skip


@cache
def _lists(kind: str) -> Mapping[str, str]:
    known: Mapping[Any, list[Any]] = shipped("scada_words")[kind]
    listed = {_key(str(w)): str(m) for m, words in known.items() for w in words}
    return listed | {_key(str(m)): str(m) for m in known}


def _key(text: str) -> str:
    """A word as it is compared; a sign in front is part of it."""
    return text.strip() if text.strip()[:1] in ("+", "-") else folded(text)


def _word(kind: str, text: str) -> str | None:
    return _lists(kind).get(_key(text))


def state(text: str) -> float | None:
    """1 for a text that says closed or on, 0 for open or off; None if it says neither."""
    found = _word("states", text)
    return None if found is None else float(found)


def grade(text: str, own: Mapping[str, str]) -> str | None:
    """What a quality code is worth: good, suspect or bad; None if nothing tells. Numbers are those of OPC."""
    if found := own.get(folded(text)):
        return found
    if text.strip().isdecimal() and len(text.strip()) <= 5:
        code = int(text) & 0xC0
        return "good" if code == 0xC0 else "suspect" if code == 0x40 else "bad"
    if _FAULT.match(text):
        return "bad"
    return _word("quality", text)
