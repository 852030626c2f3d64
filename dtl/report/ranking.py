"""The order in which feeders are looked at: the worst first, by what the study's headline asks about."""

from __future__ import annotations

from collections.abc import Collection

from dtl.report.board import Board, Of

RANK_BY = {
    "thermal": ("violating", "overload_hours_h", "violation_hours_h", "loading", "deviation_pu"),
    "voltage": ("violating", "violation_hours_h", "overload_hours_h", "deviation_pu", "loading"),
    "losses": ("loss_pct", "loss_kwh"),
    "compare": ("violating", "overload_hours_h", "violation_hours_h", "loading", "deviation_pu"),
}
"""The numbers that decide the place, the first counts most; all are worse when higher."""

TROUBLE = {"thermal": "thermal", "voltage": "voltage", "losses": "thermal", "compare": "thermal"}
"""By which headline what is over a limit is ranked, for sentences about that."""

FIGURES = {
    "thermal": ("feeders_violating", "overload_hours_h", "loading", "min_pu", "loss_pct"),
    "voltage": ("feeders_violating", "violation_hours_h", "min_pu", "max_pu", "loss_pct"),
    "losses": ("feeders_violating", "loss_kwh", "loss_pct", "loss_no_load_kwh", "energy_kwh"),
    "compare": ("feeders_violating", "overload_hours_h", "violation_hours_h", "peak_kw", "loss_kwh"),
}
"""The five figures of the overview; ``loading`` is that of lines or transformers, whichever is nearer its limit."""

USUAL = "thermal"
"""By what feeders are ordered and shown in the overview where the headline is no analysis of each feeder."""

LOADINGS = ("max_line_load_pct", "max_transformer_load_pct")


def key(of: Of, feeder: str, headline: str) -> tuple[float, ...]:
    """What a feeder's place in a case depends on; higher is worse."""
    derived = {"loading": loading, "deviation_pu": deviation_pu}
    return tuple(
        derived[n](of, feeder) if n in derived else _value(of, n, feeder) for n in RANK_BY.get(headline, RANK_BY[USUAL])
    )


def order(of: Of, feeders: Collection[str], headline: str) -> list[str]:
    """The feeders of one case, the worst first; equal ones by name."""
    return sorted(feeders, key=lambda f: (_down(key(of, f, headline)), f))


def overall(board: Board, headline: str) -> list[tuple[str, str]]:
    """Every feeder solved in any case with its worst case, the worst first; of equal cases the first by name."""
    worst = {}
    for feeder in board.feeders:
        solved = [c.case for c in board.cases if board.number(c.case, "solved", feeder) == 1]
        if solved:
            worst[feeder] = min(solved, key=lambda c: (_down(key(board.of(c), feeder, headline)), c))
    return sorted(worst.items(), key=lambda at: (_down(key(board.of(at[1]), at[0], headline)), at[0]))


def worst_case(board: Board, headline: str) -> str:
    """The case with the most feeders over a limit; of equal ones that with the worst feeder, then the first by name."""

    def badness(case: str) -> tuple[float, tuple[float, ...], str]:
        keys = [key(board.of(case), f, headline) for f in board.solved(case)]
        return -len(board.violating(case)), _down(max(keys)) if keys else (1.0,), case

    return min((c.case for c in board.cases), key=badness)


def figures(board: Board, headline: str) -> list[str]:
    """The names of the five metrics of the overview."""
    of = board.of(worst_case(board, headline))
    most = max(LOADINGS, key=lambda metric: max((_share(of, metric, f) for f in of.get(metric, {})), default=0.0))
    return [most if name == "loading" else name for name in FIGURES.get(headline, FIGURES[USUAL])]


def loading(of: Of, feeder: str) -> float:
    """Highest loading over its limit [share], of lines or transformers, whichever is higher."""
    return max(_share(of, metric, feeder) for metric in LOADINGS)


def deviation_pu(of: Of, feeder: str) -> float:
    """The most that a voltage is outside its limits [pu]; 0 when none is."""
    return max(_value(of, name, feeder) for name in ("max_shortfall_pu", "max_excess_pu"))


def _share(of: Of, metric: str, feeder: str) -> float:
    cell = of.get(metric, {}).get(feeder)
    return cell.value / cell.limit if cell is not None and cell.value is not None and cell.limit else 0.0


def _value(of: Of, metric: str, feeder: str) -> float:
    cell = of.get(metric, {}).get(feeder)
    return cell.value if cell is not None and cell.value is not None else 0.0


def _down(numbers: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(-n for n in numbers)
