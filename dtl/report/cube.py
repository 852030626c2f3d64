"""The rows that ``gather`` adds to the cube: the study's figures, differences, places, and answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dtl.analyses.compare import Case, compare, roll
from dtl.analyses.metrics import METRICS, Metric
from dtl.report import answer, ranking
from dtl.report.board import EVERY, Board, Cell

Row = dict[str, Any]


def rows(board: Board, headline: str, baseline: str, lead: str = "") -> list[Row]:
    """All rows of the cube that are not copied from a table ``assess``; `lead` opens the study's answer."""
    cases: dict[str, Case | None] = {c.case: c for c in board.cases} | {EVERY: None}
    added = [_row("feeder", f, cases[case], m, board.cells[case][m][f]) for case, m, f in board.added]
    told = Cell(len(board.states), " ".join(board.states))
    added += [_row("study", "", None, "states", told)] if board.states else []
    return [*added, *_study(board), *_places(board, headline, lead), *_first_years(board), *_deltas(board, baseline)]


def put_engines(board: Board, index: Mapping[str, Any], manifests: Mapping[str, Any]) -> None:
    """Put on the board who solved each case, and how well, from the content of the manifests by group."""
    for group, manifest in sorted(manifests.items()):
        owners = [f for f in index["groups"][group]["feeders"] if f in board.feeders]
        for case, told in sorted(manifest["cases"].items()):
            if told["status"] != "ok":
                continue
            engine = f"{told['engine']} {told['engine_version']}: {told['engine_reason']}"
            for feeder in owners:
                board.add(case, "engine", feeder, Cell(1, engine))
                board.add(case, "warnings", feeder, Cell(len(told["warnings"]), "\n".join(told["warnings"])))
                board.add(case, "balance_max_rel", feeder, Cell(told["balance_max_rel"]))


def _row(level: str, feeder: str, case: Case | None, metric: str, cell: Cell, name: str = "") -> Row:
    return {
        "level": level,
        "feeder": feeder,
        "scenario": case.scenario if case else "",
        "year": case.year if case else 0,
        "case": case.case if case else EVERY,
        "analysis": METRICS[metric].analysis,
        "metric": name or metric,
        "kind": "",
        "element": "",
    } | cell._asdict()


def _study(board: Board) -> Iterator[Row]:
    """Every metric that is rolled up over feeders, of every case and over all cases."""
    values = board.values
    for case in [None, *board.cases]:
        name = case.case if case else EVERY
        for metric in (METRICS[m] for m in sorted(board.of(name))):
            value = roll(metric, values[name], values[name][metric.name])
            if value is not None:
                yield _row("study", "", case, metric.name, _rolled(board, name, metric, value))


def _rolled(board: Board, case: str, metric: Metric, value: float) -> Cell:
    """The study's cell: of a highest or lowest value with the feeder, element and hour that it belongs to."""
    if metric.rollup not in ("max", "min"):
        return Cell(value)
    cells = board.of(case)[metric.name]
    feeder = next(f for f in sorted(cells) if cells[f].value == value)
    cell = cells[feeder]
    return cell._replace(text=f"{feeder} {cell.text}".strip())


def _places(board: Board, headline: str, lead: str) -> Iterator[Row]:
    """Ranks, worst cases, the five figures and the answers in words."""
    for case in board.cases:
        for place, feeder in enumerate(ranking.order(board.of(case.case), board.solved(case.case), headline), 1):
            yield _row("feeder", feeder, case, "rank", Cell(place))
    overall = ranking.overall(board, headline)
    for place, (feeder, worst) in enumerate(overall, 1):
        yield _row("feeder", feeder, None, "rank", Cell(place))
        yield _row("feeder", feeder, None, "worst_case", Cell(1, worst))
    own = dict(ranking.overall(board, ranking.TROUBLE.get(headline, ranking.USUAL)))
    for feeder in board.feeders:
        words = answer.feeder_answer(board, feeder, own.get(feeder), headline)
        yield _row("feeder", feeder, None, "answer", Cell(1, words))
    yield _row("study", "", None, "answer", Cell(1, f"{lead} {answer.answer(board, headline)}".strip()))
    yield _row("study", "", None, "headline", Cell(1, " ".join(ranking.figures(board, headline))))
    yield _row("study", "", None, "worst_case", Cell(1, ranking.worst_case(board, headline)))


def _first_years(board: Board) -> Iterator[Row]:
    """The first planned year with anything over a limit, of each feeder and of the study."""
    first: dict[str, list[Case]] = {}
    for case in sorted((c for c in board.cases if c.year), key=lambda c: (c.year, c.case)):
        bad = board.violating(case.case)
        for feeder in [*bad, *([""] if bad else [])]:
            known = first.setdefault(feeder, [])
            if not known or known[0].year == case.year:
                known.append(case)
    for feeder, cases in sorted(first.items()):
        cell = Cell(cases[0].year, " ".join(c.case for c in cases))
        yield _row("feeder" if feeder else "study", feeder, None, "first_violating_year", cell)


def _deltas(board: Board, baseline: str) -> Iterator[Row]:
    for delta in compare(board.values, board.cases, baseline):
        if delta.feeder and delta.metric.analysis == "study":
            continue
        level = "feeder" if delta.feeder else "study"
        yield _row(level, delta.feeder, delta.case, delta.metric.name, Cell(delta.value, delta.verdict), delta.name)
