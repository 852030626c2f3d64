"""The filters of a question: ids, comparisons with numbers, and phrases that have a meaning of their own."""

from __future__ import annotations

from dtl.learning.query.clause import Clause, Query, plain
from dtl.learning.query.words import Match, vocabulary

AGE = {"older": ">", "younger": "<"}
UNIT_FIELDS = {
    "pu": ("voltage",),
    "min": ("saidi", "caidi"),
    "kw": ("hosting_capacity", "peak_load", "losses"),
    "kva": ("rating", "hosting_capacity", "peak_load"),
}
NOT = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}
BETWEEN = ("loaded", "go", "goes", "rise", "rises", "ever", "have", "has", "be", "a", "the")
"""Words that may stand between a negation and the comparison that it turns round."""
ALSO = {"mw": (1000.0, "kw"), "mva": (1000.0, "kva"), "mwh": (1000.0, "kwh"), "gwh": (1e6, "kwh"),
        "watt": (0.001, "kw"), "metre": (0.001, "km"), "mile": (1.609344, "km"), "decade": (10.0, "year")}  # fmt: skip
"""Units that are told in another one."""
PCT_FIELDS = ("thermal_loading", "growth_rate", "outage_risk", "losses", "loss_of_life", "mapping_confidence")
NEAR_NOMINAL = (0.5, 1.5)
"""A number of a bus between these is a voltage [pu], where neither a unit nor a metric says else."""
TO_MINUTES = {"second": 1.0 / 60.0, "hour": 60.0, "day": 1440.0}
"""Durations of interruptions are told in minutes."""
DURATIONS = ("overload_hours",)
NO_EVENTS = ("excluding", "without", "except", "no major", "exclude", "not counting", "not including", "excl",
             "leaving out", "omitting", "ignoring", "other than", "apart from", "aside from")  # fmt: skip
QUARTERS = ("q1", "q2", "q3", "q4")
"""Of a year, and no ids."""
JOINING = ("and", "or")
"""Words between the ids of a list."""
BOUNDS = {"more": ">=", "above": ">=", "higher": ">=", "greater": ">=", "over": ">=", "longer": ">=",
          "less": "<=", "below": "<=", "lower": "<=", "fewer": "<=", "under": "<="}  # fmt: skip


def ids(clause: Clause, entities: list[Match]) -> list[tuple[int, str, str, str]]:
    """Ids that follow a kind of thing: place of the kind, the kind, ``=`` or ``!=``, and the id as it was written."""
    found: list[tuple[int, str, str, str]] = []
    for match in entities:
        at = match.end
        while clause.text(at) in ("id", "number", "named", "called", "no"):
            at += 1
        denied = _denied(clause, match.start, found)
        more = True
        while more and at < len(clause):
            if clause.used[at] or not _is_id(clause, at, counted=denied is not None or not match.plural):
                break
            found.append((match.start, match.value, "=" if denied is None else "!=", clause.tokens[at].raw))
            clause.use(match.start if denied is None else denied, at + 1)
            counted = denied is not None
            more = clause.text(at + 1) in JOINING and _is_id(clause, at + 2, counted=counted)
            at += 2
    for match in entities:
        end = match.end
        while end < len(clause) and _name(clause, end):
            end += 1
        if end > match.end and not match.plural and clause.free(match.end, end):
            name = " ".join(t.raw for t in clause.tokens[match.end : end])
            found.append((match.start, match.value, "=", name))
            clause.use(match.start, end)
    for at, token in enumerate(clause.tokens):
        if token.is_id and not clause.used[at] and token.text not in QUARTERS:
            kind = {"f": "feeder", "t": "transformer", "tx": "transformer", "m": "meter"}.get(
                _letters(token.text), "feeder"
            )
            denied = _denied(clause, at, found)
            found.append((at, kind, "=" if denied is None else "!=", token.raw))
            clause.use(at if denied is None else denied, at + 1)
    return found


def _name(clause: Clause, at: int) -> bool:
    """Whether a token is a name in the grammar of nobody: a capital first, and no word that is known."""
    token = clause.tokens[at]
    known = token.text in vocabulary() or clause.used[at]
    return token.raw[:1].isupper() and token.raw.isalpha() and not known


def _is_id(clause: Clause, at: int, *, counted: bool) -> bool:
    """Whether an id stands at a place, or with ``counted`` a number that has no unit."""
    if at >= len(clause):
        return False
    token = clause.tokens[at]
    return token.is_id or (counted and token.number is not None and not clause.unit(at + 1)[0])


def _denied(clause: Clause, at: int, found: list[tuple[int, str, str, str]]) -> int | None:
    """Where the negation of the id at a place begins, or of the list that it goes on; None without one."""
    before = clause.before(at, ("a", "an", "the", "of", "for", "in", "on", "those", "ones", "that", "are"))
    if clause.text(before) in {"but", *clause.words["negations"]}:
        return before
    if f"{clause.text(before - 1)} {clause.text(before)}" in clause.words["negations"]:
        return before - 1
    if not found or found[-1][2] != "!=" or before < 1:
        return None
    last = before - 1 if clause.text(before) in JOINING else before
    return last + 1 if clause.tokens[last].raw == found[-1][3] else None


def _letters(text: str) -> str:
    return "".join(c for c in text if c.isalpha())


def special(clause: Clause, metrics: list[Match]) -> list[Query]:
    """Phrases with a meaning of their own: ranges of standards, confidence, anomalies, major event days."""
    found: list[Query] = []
    text = " ".join(t.text for t in clause.tokens)
    if "ansi" in text or "range a" in text or "range b" in text:
        band = "ansi_b" if "range b" in text else "ansi_a"
        good = any(w in text for w in ("within", "inside", "meeting", "meet", "meets", "comply", "complying"))
        bad = any(w in text for w in ("not ", "outside", "violat", "fail", "out of", "beyond", "breach", "n't"))
        found.append({"field": "voltage", "op": "within" if good and not bad else "outside", "value": band})
        for word in ("ansi", "range", "a", "b", "not", "meeting", "meet", "meets", "outside", "within", "c84.1",
                     "violating", "violate", "failing", "fail", "inside", "out", "limits", "standard", "don't",
                     "doesn't", "isn't", "aren't"):  # fmt: skip
            if (at := clause.has(word)) >= 0:
                clause.use(at, at + 1)
    if "not overloaded" in text or "not being overloaded" in text:
        found.append({"field": "thermal_loading", "op": "<=", "value": 100, "unit": "pct"})
        clause.use(clause.has("not"), clause.has("not") + 1)
        for word in ("but", "overloaded"):
            if (at := clause.has(word)) >= 0:
                clause.use(at, at + 1)
    for level in ("low", "medium", "high"):
        at = clause.has(level)
        if at >= 0 and clause.has("confidence", "mapping", "assignment") >= 0:
            found.append({"field": "mapping_confidence", "op": "=", "value": level})
            clause.use(at, at + 1)
            if (other := clause.has("confidence")) >= 0:
                clause.use(other, other + 1)
            break
    if any(m.value == "anomalies" for m in metrics) and clause.has("flagged", "anomalous", "suspicious", "marked") >= 0:
        found.append({"field": "anomaly", "op": "=", "value": True})
    if "major event" in text or clause.has("med", "meds") >= 0:
        out = any(w in text for w in NO_EVENTS)
        found.append({"field": "med", "op": "=", "value": not out})
        for word in ("major", "event", "events", "day", "days", "excluding", "including", "without", "except", "med",
                     "meds", "exclude", "counting", "include", "not", "no", "leaving", "omitting", "ignoring", "apart",
                     "aside", "from", "other", "than"):  # fmt: skip
            if (at := clause.has(word)) >= 0:
                clause.use(at, at + 1)
    return found


def compared(clause: Clause, metrics: list[Match]) -> list[Query]:
    """Comparisons with numbers, each of the field whose unit or place fits."""
    found: list[Query] = []
    for match in clause.find(clause.words["ops"]):
        op, at = match.value, clause.after(match.end, ("a", "an", "the", "of", "value", "values"))
        first = clause.number(at)
        if first is None or clause.used[at]:
            continue
        unit, end = _unit(clause, at + 1)
        second, units = None, [unit]
        if op in ("between", "outside"):
            link = clause.text(end)
            second = clause.number(end + 1)
            if link not in ("and", "to") or second is None:
                continue
            more, end = clause.unit(end + 2)
            units = [unit or more, more or unit]
            unit = more or unit
        word = clause.text(match.start)
        field = _field(clause, metrics, match.start, unit, word) or _of_bus(clause, [first, second or first], unit)
        end = _per_year(clause, field, end)
        clause.use(match.start, end)
        op = AGE.get(word, op)
        turned = clause.before(match.start, BETWEEN)
        if op in NOT and clause.text(turned) in clause.words["turning"]:
            op = NOT[op]
            clause.use(turned, match.start)
        found.append(_filter(field, op, [first] if second is None else [first, second], units))
    return found + _bounded(clause, metrics)


def _unit(clause: Clause, at: int) -> tuple[str, int]:
    """The unit at a place and where it ends; a capital A is amperes, a small one an article."""
    return ("amp", at + 1) if at < len(clause) and clause.tokens[at].raw == "A" else clause.unit(at)


def _bounded(clause: Clause, metrics: list[Match]) -> list[Query]:
    """Numbers followed by ``or more`` and the like."""
    found = []
    for at in range(len(clause)):
        value = clause.number(at)
        if value is None or clause.used[at]:
            continue
        unit, end = clause.unit(at + 1)
        bound = BOUNDS.get(clause.text(end + 1)) if clause.text(end) == "or" else None
        if bound:
            field = _field(clause, metrics, at, unit, "") or _of_bus(clause, [value], unit)
            clause.use(at, end + 2)
            found.append(_filter(field, bound, [value], [unit]))
    return found


def _per_year(clause: Clause, field: str, end: int) -> int:
    if field != "growth_rate":
        return end
    if clause.text(end) in ("per", "a", "each", "every", "/") and clause.text(end + 1) in ("year", "annum", "yr"):
        return end + 2
    return end + 1 if clause.text(end) in ("annually", "yearly") else end


def _field(clause: Clause, metrics: list[Match], at: int, unit: str, word: str) -> str:
    unit = ALSO[unit][1] if unit in ("watt", "metre", "mile", "decade") else unit
    if word in AGE or (unit == "year" and not any(m.value == "remaining_life" for m in metrics)):
        return "age"
    if unit == "km":
        return "length"
    names = [m.value for m in metrics]
    if unit in ("hour", "day") and names[:1] == ["thermal_loading"]:
        return "overload_hours"
    fits = {"pct": PCT_FIELDS, **UNIT_FIELDS}.get({"mw": "kw", "mva": "kva"}.get(unit, unit))
    ordered = [m.value for m in sorted(metrics, key=lambda m: (m.start > at, abs(m.start - at)))]
    if fits:
        ahead = [m.value for m in metrics if m.start < at]  # a number in kVA is of a rating, unless a metric is ahead
        named = [n for n in ordered if n in fits and (n in ahead or unit not in ("kva", "mva"))]
        if named:
            return named[0]
        if unit in ("pu", "kva", "mva"):
            return fits[0]
        if unit == "pct" and not names:
            return "thermal_loading"
    if not ordered and clause.has("customers", "customer") >= 0:
        return "customers"
    if clause.text(clause.after(at + 1)).startswith("customer") or "customers" in [
        clause.text(i) for i in range(at, at + 4)
    ]:
        return "customers"
    return ordered[0] if ordered else ""


def _of_bus(clause: Clause, numbers: list[float], unit: str) -> str:
    """The voltage where a question is about buses and the numbers are near 1; else empty."""
    low, high = NEAR_NOMINAL
    buses = clause.find({"bus": clause.words["entities"]["bus"]}, unused=False)
    return "voltage" if buses and not unit and all(low <= n <= high for n in numbers) else ""


def _told_in(field: str, unit: str) -> tuple[float, str]:
    """What a number in a unit is worth in the unit that a field is told in, and that unit."""
    if field in ("saidi", "caidi") and unit in TO_MINUTES:
        return TO_MINUTES[unit], "min"
    if field in DURATIONS and unit == "day":
        return 24.0, "hour"
    if field == "growth_rate" and unit in ("pct", ""):
        return 1.0, "pct_per_year"
    if not unit and field in ("thermal_loading", "voltage"):
        return 1.0, "pct" if field == "thermal_loading" else "pu"
    return ALSO.get(unit, (1.0, unit))


def _filter(field: str, op: str, values: list[float], units: list[str]) -> Query:
    told = [_told_in(field, unit) for unit in units]
    if len({name for _, name in told}) > 1:
        field = ""  # two units that are not of one kind
    numbers = [plain(value * factor) for value, (factor, _) in zip(values, told, strict=True)]
    found: Query = {"field": field, "op": op, "value": numbers if len(numbers) > 1 else numbers[0]}
    return found | ({"unit": told[0][1]} if told[0][1] else {})
