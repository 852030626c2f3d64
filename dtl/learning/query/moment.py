"""The time of a question: hours, kinds of day, months, years, seasons and spans."""

from __future__ import annotations

from dtl.learning.query.clause import Clause, Query

LINKS = ("in", "of", "during", "for", "on", "at", "the", "by", "since", "year", "last", "and")


def season(clause: Clause) -> Query:
    """The peak or season that a clause names; read first, since ``peak`` alone is a metric."""
    phrases: dict[str, list[str]] = {}
    for phrase, value in clause.words["peaks"].items():
        phrases.setdefault(value, []).append(phrase)
    for match in clause.find(phrases):
        clause.use(match.start, match.end)
        return {"event": match.value}
    return {}


def time(clause: Clause) -> Query:
    """What a clause says of time besides its season; empty if nothing."""
    found, growth = _hours(clause), {"x": clause.words["metrics"]["growth_rate"]}
    for key, words in (("daytype", "daytypes"), ("period", "periods"), ("span", "spans")):
        phrases: dict[str, list[str]] = {}
        for phrase, value in clause.words[words].items():
            phrases.setdefault(value, []).append(phrase)
        for match in clause.find(phrases):
            if key == "span" and (clause.text(match.start - 1) in ("growth", "growing") or clause.unit(match.start)[0]):
                continue
            if key == "span" and clause.unit(match.start - 1)[0] == "pct" and clause.find(growth, unused=False):
                continue
            found[key] = match.value
            clause.use(match.start, match.end)
            break
    return found | _day(clause)


def _hours(clause: Clause) -> Query:
    stamps = [(i, hour, end) for i in range(len(clause)) if (hour := _hour(clause, i)[0]) is not None
              for end in [_hour(clause, i)[1]]]  # fmt: skip
    if len(stamps) >= 2 and clause.text(stamps[0][2]) in ("and", "to", "until", "till"):
        (first, begin, _), (_, finish, end) = stamps[:2]
    elif (
        len(stamps) == 1
        and clause.text(stamps[0][0] - 1) in ("to", "and")
        and clause.number(stamps[0][0] - 2) is not None
    ):
        at, finish, end = stamps[0]
        first = at - 2
        begin = int(clause.number(first) or 0) + (12 if finish > 12 and (clause.number(first) or 0) < 12 else 0)
    elif len(stamps) == 1 and clause.text(stamps[0][0] - 1) == "after":
        clause.use(stamps[0][0] - 1, stamps[0][2])
        return {"hour_from": stamps[0][1]}
    elif len(stamps) == 1 and clause.text(stamps[0][0] - 1) == "before":
        clause.use(stamps[0][0] - 1, stamps[0][2])
        return {"hour_to": stamps[0][1]}
    elif len(stamps) == 1:
        clause.use(stamps[0][0], stamps[0][2])
        return {"hour_from": stamps[0][1], "hour_to": (stamps[0][1] + 1) % 24}
    else:
        return {}
    clause.use(first - 1 if clause.text(first - 1) in ("between", "from") else first, end)
    return {"hour_from": begin, "hour_to": finish}


def _hour(clause: Clause, at: int) -> tuple[int | None, int]:
    """The hour that a token says, and where it ends."""
    text = clause.text(at)
    if clause.used[at] if at < len(clause) else True:
        return None, at
    if ":" in text:
        hour, end = int(text.split(":")[0]), at + 1
        if clause.text(end) in ("am", "pm"):
            hour, end = hour % 12 + (12 if clause.text(end) == "pm" else 0), end + 1
        return hour, end
    if text in ("noon", "midnight") and clause.text(at - 1) in (
        "and",
        "to",
        "between",
        "from",
        "until",
        "after",
        "before",
    ):
        return (12 if text == "noon" else 0), at + 1
    value = clause.number(at)
    if value is not None and clause.text(at + 1) in ("am", "pm"):
        return int(value) % 12 + (12 if clause.text(at + 1) == "pm" else 0), at + 2
    return None, at


def _day(clause: Clause) -> Query:
    found: Query = {}
    for i, token in enumerate(clause.tokens):
        month = clause.words["months"].get(token.text)
        if month is None or clause.used[i]:
            continue
        next_year = clause.number(i + 1)
        if clause.text(i - 1) in LINKS or (next_year is not None and 1900 <= next_year <= 2100):
            found["month"] = month
            clause.use(i, i + 1)
            break
    for i in range(len(clause)):
        year = clause.number(i)
        unit = clause.unit(i + 1)[0]
        if year is None or clause.used[i] or year != int(year) or not 1950 <= year <= 2100 or unit:
            continue
        after_month = i > 0 and clause.used[i - 1] and "month" in found
        if clause.text(i - 1) in LINKS or after_month or i in (0, len(clause) - 1):
            found["year"] = int(year)
            clause.use(i, i + 1)
            break
    for phrase, span in (("last year", "last_year"), ("this year", "this_year"), ("next year", "next_year")):
        first, second = phrase.split()
        for i in range(len(clause) - 1):
            if clause.text(i) == first and clause.text(i + 1) == second and clause.free(i, i + 2):
                found["span"] = span
                clause.use(i, i + 2)
    return found
