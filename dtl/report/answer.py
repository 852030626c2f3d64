"""The answer of a study in words, made from its numbers: who needs work, worst where and when, in which case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import floor

from dtl.analyses.compare import roll
from dtl.analyses.hours import when
from dtl.analyses.metrics import METRICS
from dtl.report import ranking
from dtl.report.board import EVERY, Board, Cell

NAMED = 4
"""How many feeders a sentence names before it counts the rest."""
OR = 2
"""How many cases a sentence names of which not each has all of its feeders."""


def answer(board: Board, headline: str) -> str:
    """The answer of the whole study; says first whom it cannot speak for when nobody was solved."""
    about = ranking.TROUBLE.get(headline, ranking.USUAL)
    anyone = ranking.overall(board, about)
    if not board.feeders:
        return "The study has no feeders."
    if not anyone:
        return f"Nothing can be said: {_none_solved(board)}."
    bad = [f for f in board.feeders if board.number(EVERY, "feeders_violating", f)]
    first, case = anyone[0]
    if bad:
        parts = [_who(board, bad), f"{_worst_head(board, first, case)}: {troubles(board, case, first, about)}"]
        parts += [_by_case(board)] if len(board.cases) > 1 else []
    else:
        feeders = [f for f, _ in anyone]
        parts = [_nobody(board, feeders), _nearest(board, feeders)]
    parts += [_losses(board)] if headline == "losses" else []
    return " ".join(f"{p}." for p in [*parts, _failures(board)] if p)


def feeder_answer(board: Board, feeder: str, worst_case: str | None, headline: str) -> str:
    """The answer for one feeder over all cases.

    `worst_case` is the first of its cases by `ranking.overall` of what is over a limit; None when none was solved.
    """
    if worst_case is None:
        reasons = _reasons(board.failed(c.case).get(feeder, "") for c in board.cases)
        return f"Feeder {feeder} could not be solved: {reasons}."
    failed = [c.case for c in board.cases if board.number(c.case, "solved", feeder) != 1]
    cases = [c.case for c in board.cases if board.number(c.case, "feeders_violating", feeder)]
    if cases:
        parts = [f"Feeder {feeder} needs work in {_listed(cases)}"]
        worst = troubles(board, worst_case, feeder, ranking.TROUBLE.get(headline, ranking.USUAL))
        parts.append(f"Worst in {worst_case}: {worst}" if len(board.cases) > 1 else _capital(worst))
    else:
        solved = [c.case for c in board.cases if c.case not in failed]
        parts = [f"Feeder {feeder} needs no work in {_listed(solved)}", _nearest(board, [feeder])]
    if failed:
        parts.append(f"It failed in {_listed(failed)}: {_reasons(board.failed(c)[feeder] for c in failed)}")
    return " ".join(f"{p}." for p in parts if p)


def troubles(board: Board, case: str, feeder: str, headline: str) -> str:
    """What is wrong with a feeder in a case; empty when nothing is."""
    found = {}
    hours = board.number(case, "overload_hours_h", feeder)
    if hours:
        found["thermal"] = _overloaded(board, case, feeder, _hours(board, hours))
    hours = board.number(case, "violation_hours_h", feeder)
    if hours:
        many = _hours(board, hours)
        found["voltage"] = f"{_voltage(board, case, feeder)}, and a voltage is outside its limits in {many}"
    ordered = sorted(found, key=lambda kind: (kind != headline, kind))
    return "; ".join(found[kind] for kind in ordered)


def _overloaded(board: Board, case: str, feeder: str, hours: str) -> str:
    """What is overloaded; where all parts that are shown are within their limits, as in a public copy, none of them."""
    most = _most_loaded(board, case, feeder)
    if most is None or (most[1].value or 0.0) < floor(most[1].limit or 0.0):
        nearest = f"; of those shown, the nearest: {_loading(board, case, feeder)}" if most else ""
        return f"a part that is not shown here is overloaded in {hours}{nearest}"
    return f"{_loading(board, case, feeder)}, and something is overloaded in {hours}"


def _most_loaded(board: Board, case: str, feeder: str) -> tuple[str, Cell] | None:
    """The most loaded line or transformer with its kind; None where no loading is known."""
    cells = [(word, board.of(case).get(metric, {}).get(feeder, Cell())) for word, metric in _LOADED]
    shares = [(c.value / c.limit, word, c) for word, c in cells if c.value is not None and c.limit]
    return max(shares, key=lambda s: s[0])[1:] if shares else None


def _loading(board: Board, case: str, feeder: str, *, of_feeder: str = "") -> str:
    most = _most_loaded(board, case, feeder)
    if most is None:
        return ""
    word, cell = most
    value, limit = cell.value or 0.0, cell.limit or 0.0
    at = f" {when(cell.hour, board.states)}".rstrip()
    return f"{word} {cell.text}{of_feeder} is loaded to {_apart(value, limit, 0)} %{at} (limit {limit:g} %)"


_LOADED = (("line", "max_line_load_pct"), ("transformer", "max_transformer_load_pct"))


def _voltage(board: Board, case: str, feeder: str) -> str:
    """The violation furthest beyond its limit, below or above."""
    low = board.of(case).get("max_shortfall_pu", {}).get(feeder, Cell(0.0))
    high = board.of(case).get("max_excess_pu", {}).get(feeder, Cell(0.0))
    below = (low.value or 0.0) >= (high.value or 0.0)
    cell, verb = (low, "falls to") if below else (high, "rises to")
    limit = cell.limit or 0.0
    value = limit - (cell.value or 0.0) if below else limit + (cell.value or 0.0)
    at = f" {when(cell.hour, board.states)}".rstrip()
    where = cell.text or "a bus that is not shown here"
    return f"the voltage at {where} {verb} {_apart(value, limit, 3)} pu{at} (limit {limit:g} pu)"


def _who(board: Board, bad: Sequence[str]) -> str:
    cases = [c for c in board.cases if board.violating(c.case)]
    if any(set(board.violating(c.case)) != set(bad) for c in cases):
        named = " or ".join(c.case for c in cases)
        where = f" in {named}" if len(cases) <= OR else f" in one or more of the {len(board.cases)} cases"
    elif len(cases) == len(board.cases) > 2:
        where = f" in all {len(cases)} cases"
    elif len(cases) <= NAMED:
        where = f" in {_listed([c.case for c in cases])}"
    else:
        where = f" in {len(cases)} of {len(board.cases)} cases"
    if len(board.feeders) == 1:
        return f"Feeder {bad[0]} needs work{where}{_since(board)}"
    names = f": {_listed(bad)}" if len(bad) <= NAMED else ""
    need = "needs" if len(bad) == 1 else "need"
    return f"{len(bad):,} of {len(board.feeders):,} feeders {need} work{where}{names}{_since(board)}"


def _since(board: Board) -> str:
    """The first planned year with anything over a limit, where the study plans several."""
    years = [c.year for c in board.cases if board.violating(c.case)]
    return f", the first in {min(years)}" if len({c.year for c in board.cases}) > 1 else ""


def _worst_head(board: Board, feeder: str, case: str) -> str:
    if len(board.feeders) == 1:
        return f"Worst in {case}" if len(board.cases) > 1 else "Worst"
    return f"The worst feeder is {feeder}, in {case}" if len(board.cases) > 1 else f"The worst feeder is {feeder}"


def _by_case(board: Board) -> str:
    """How many feeders need work in each case; of a single one, or where all are the same, for how many hours."""
    told = "Feeders that need work"
    counts = {c.case: float(len(board.violating(c.case))) for c in board.cases}
    if len(set(counts.values())) == 1 or len(board.feeders) == 1:
        told = "Hours with anything over a limit"
        counts = {c: sum(board.number(c, "violating_hours_h", f) for f in board.solved(c)) for c in counts}
        told += ", summed over feeders" if len(board.feeders) > 1 else ""
    if len(counts) > NAMED:
        ordered = sorted(counts, key=lambda c: (counts[c], c))
        low, high = ordered[0], ordered[-1]
        return f"{told}: from {counts[low]:,.0f} in {low} to {counts[high]:,.0f} in {high}"
    return f"{told}: " + ", ".join(f"{n:,.0f} in {case}" for case, n in counts.items())


def _nobody(board: Board, solved: Sequence[str]) -> str:
    where = f"in {board.cases[0].case}" if len(board.cases) == 1 else f"in any of the {len(board.cases)} cases"
    if len(board.feeders) == 1:
        return f"Feeder {solved[0]} needs no work {where}"
    which = f"{len(solved)} feeders" if len(solved) == len(board.feeders) else f"{len(solved)} feeders that were solved"
    if len(solved) == 1:
        return f"The one feeder that was solved needs no work {where}"
    return f"None of the {which} needs work {where}"


def _nearest(board: Board, feeders: Sequence[str]) -> str:
    """How near to its limit the most loaded element comes, over some feeders and all cases."""
    several = len(board.cases) > 1
    at = [(c.case, f) for c in board.cases for f in feeders if board.number(c.case, "solved", f) == 1]
    case, feeder = max(at, key=lambda x: ranking.loading(board.of(x[0]), x[1]))
    words = _loading(board, case, feeder, of_feeder=f" of {feeder}" if len(feeders) > 1 else "")
    return f"Nearest to its limit{f' in {case}' if several else ''}: {words}" if words else ""


def _losses(board: Board) -> str:
    """The case with the highest share of losses, and the feeder that loses most in it."""
    values = board.values
    shares = {c.case: roll(METRICS["loss_pct"], values[c.case], board.solved(c.case)) for c in board.cases}
    known = {case: share for case, share in shares.items() if share is not None}
    if not known:
        return ""
    case = max(sorted(known), key=lambda c: known[c])
    own = values[case]["loss_pct"]
    most = max(sorted(own), key=lambda f: own[f])
    where = f" in {case}" if len(board.cases) > 1 else ""
    whose = f", most of {most}: {own[most]:.2f} %" if len(board.feeders) > 1 else ""
    return f"Losses are{' highest' if where else ''}{where} {known[case]:.2f} % of the energy that enters{whose}"


def _none_solved(board: Board) -> str:
    reasons = _reasons(r for c in board.cases for r in board.failed(c.case).values())
    if len(board.feeders) == 1:
        return f"feeder {board.feeders[0]} could not be solved ({reasons})"
    return f"none of the {len(board.feeders)} feeders could be solved ({reasons})"


def _failures(board: Board) -> str:
    """Whom the answer does not speak for: feeders that failed in all cases or in some."""
    failed = {c.case: board.failed(c.case) for c in board.cases}
    always = [f for f in board.feeders if all(f in failed[c.case] for c in board.cases)]
    some = [f for f in board.feeders if any(f in failed[c.case] for c in board.cases) and f not in always]
    parts = []
    for names, what in ((always, "could not be solved"), (some, "failed in some cases")):
        if names:
            told = "; ".join(f"{f}: {_reasons(failed[c.case].get(f, '') for c in board.cases)}" for f in names[:NAMED])
            rest = f"; and {len(names) - NAMED} more" if len(names) > NAMED else ""
            parts.append(f"{len(names)} {'feeder' if len(names) == 1 else 'feeders'} {what} ({told}{rest})")
    return " and ".join(parts)


def _reasons(texts: Iterable[str]) -> str:
    """The first line of each distinct reason."""
    known = dict.fromkeys(text.strip().splitlines()[0].rstrip(".") for text in texts if text.strip())
    short = [text if len(text) <= 120 else f"{text[:117]}..." for text in known]
    rest = f"; and {len(short) - 2} more reasons" if len(short) > 2 else ""
    return "; ".join(short[:2]) + rest or "no reason given"


def _listed(names: Sequence[str]) -> str:
    if len(names) > NAMED:
        return f"{len(names)} cases"
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def _hours(board: Board, hours: float) -> str:
    word = "state" if board.states else "hour"
    few = 0.0 < hours < 10.0 and hours != round(hours)
    return f"{hours:.3g} {word}s" if few else f"{hours:,.0f} {word}" + ("" if round(hours) == 1 else "s")


def _apart(value: float, limit: float, digits: int) -> str:
    """The value with as many digits as it takes to look different from a limit that it does not equal."""
    while digits < 6 and value != limit and float(f"{value:.{digits}f}") == limit:
        digits += 1
    return f"{value:,.{digits}f}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
