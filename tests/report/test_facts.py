"""Whole studies, worked out on paper in ``tests/cases/assess``: from power-flow tables to cube, figures and answer."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest
import solved_cases as made
import yaml

from dtl import tables
from dtl.analyses.metrics import METRICS
from dtl.report import facts

CASES = sorted((Path(__file__).resolve().parents[1] / "cases" / "assess").iterdir())


def read(folder: Path, name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize("folder", CASES, ids=lambda p: p.name)
def test_study(folder: Path, tmp_path: Path) -> None:
    study, expected = read(folder, "study"), read(folder, "expected")
    known = facts.load(made.run_study(tmp_path, study))
    assert known.answer() == expected["answer"]
    for feeder, words in expected.get("feeder_answers", {}).items():
        assert known.answer(feeder) == words
    for name, feeder, case, value in expected["values"]:
        got = known.fact(name, feeder, case)
        if value is None:
            assert got is None or got.value is None, (name, feeder, case, got)
        else:
            assert got is not None and got.value == pytest.approx(value, abs=1e-5), (name, feeder, case)
    for name, feeder, case, text in expected.get("texts", []):
        assert known.text(name, feeder, case) == text
    assert [r.feeder for r in known.worst(10)] == expected["worst"]
    assert known.feeders == sorted(study["feeders"])
    assert [c.case for c in known.cases] == sorted(c[0] for c in study["cases"]) or not expected["worst"]


@pytest.mark.parametrize("folder", CASES, ids=lambda p: p.name)
def test_the_order_of_feeders_and_cases_changes_no_byte(folder: Path, tmp_path: Path) -> None:
    study = read(folder, "study")
    first = made.run_study(tmp_path, study).read_bytes()
    shuffled = study | {"feeders": dict(reversed(study["feeders"].items())), "cases": study["cases"][::-1]}
    other = tmp_path / "again"
    other.mkdir()
    assert made.run_study(other, shuffled).read_bytes() == first


def random_study(seed: int) -> dict[str, Any]:
    """Up to six feeders in up to three cases, some overloaded, some out of voltage, some failed."""
    rng = random.Random(seed)
    cases = [["base", "base", 0], ["growth", "growth", 0], ["sunny", "sunny", 0]][: rng.randint(1, 3)]
    feeders: dict[str, Any] = {}
    calm = rng.random() < 0.25
    for name in "abcdef"[: rng.randint(1, 6)]:
        if rng.random() < 0.1:
            feeders[name] = "no source"
            continue
        feeders[name] = {case: _random_case(rng, calm) for case, _, _ in cases}
    return {"cases": cases, "feeders": feeders, "headline": rng.choice(["thermal", "voltage", "losses", "compare"])}


def _random_case(rng: random.Random, calm: bool) -> dict[str, Any]:
    if rng.random() < 0.08:
        return {"failed": "did not converge"}
    account: dict[str, Any] = {
        "lines": {},
        "transformers": {},
        "buses": {},
        "kw": [rng.randint(50, 900) for _ in range(4)],
    }
    account["loss"] = [kw * rng.randint(1, 80) / 1000 for kw in account["kw"]]
    for kind, limit in (("lines", 100), ("transformers", 120)):
        for name in ("x", "y")[: rng.randint(0, 2)]:
            over = sorted(rng.sample(range(8760), 0 if calm else rng.choice([0, 0, 1, 3])))
            pct = limit + rng.randint(1, 600) / 10 if over else limit - rng.randint(1, 600) / 10
            account[kind][name] = {"pct": pct, "at": over[0] if over else rng.randrange(8760), "over": over}
    for name in ("m", "n")[: rng.randint(1, 2)]:
        below = sorted(rng.sample(range(8760), 0 if calm else rng.choice([0, 0, 2])))
        low = rng.randint(900, 974) / 1000 if below else rng.randint(976, 999) / 1000
        account["buses"][name] = {"low": low, "at": below[0] if below else 5, "below": below}
    return account


SEEDS = range(30)
PIECES = (
    "is loaded to",
    "falls to",
    "could not be solved",
    "failed in some",
    "Feeders that need work",
    "Hours with anything",
    "in 1 hour",
    "None of",
    "Losses",
    " or ",
    "one or more of",
)


def test_every_number_of_the_answer_is_that_of_the_tables(tmp_path: Path) -> None:
    """What the sentences say is read back and computed anew from the accounts, by other code than made them."""
    said = ""
    for seed in SEEDS:
        study, folder = random_study(seed), tmp_path / str(seed)
        folder.mkdir()
        words = facts.load(made.run_study(folder, study)).answer()
        assert ": ." not in words and "  " not in words, f"seed {seed}: {words}"
        left = [token for token in made_of(study, words).split() if any(ch.isdigit() for ch in token)]
        assert not left, f"seed {seed}: numbers that nothing vouches for: {left} in {words!r}"
        said += words
    for piece in PIECES:
        assert piece in said, f"no random study made the answer say {piece!r}"


def made_of(study: dict[str, Any], words: str) -> str:
    """The answer without every statement that was found true; an assertion fails at the first that is not."""
    feeders = study["feeders"]
    cases = [case for case, _, _ in study["cases"]]
    solved = {(f, c): a[c] for f, a in feeders.items() if isinstance(a, dict) for c in cases if "failed" not in a[c]}
    overloads = {
        k: {h for e in (*a["lines"].values(), *a["transformers"].values()) for h in e["over"]}
        for k, a in solved.items()
    }
    outside = {k: {h for b in a["buses"].values() for h in b["below"]} for k, a in solved.items()}
    bad = {k for k in solved if overloads[k] or outside[k]}
    bad_feeders = {f for f, _ in bad}

    def take(pattern: str, text: str) -> tuple[re.Match[str] | None, str]:
        found = re.search(pattern, text)
        return found, text[: found.start()] + text[found.end() :] if found else text

    def named(text: str) -> set[str]:
        whole = (f"all {len(cases)} cases", f"one or more of the {len(cases)} cases")
        return set(cases if text in whole else re.findall(r"base|growth|sunny", text))

    where = r"(all \d cases|one or more of the \d cases|[a-z ,]+)"
    found, words = take(rf"(\d+) of (\d+) feeders needs? work in {where}(?:: ([a-z ,]+))?(?=\.)", words)
    if found:
        assert (int(found[1]), int(found[2])) == (len(bad_feeders), len(feeders))
        at = {c for _, c in bad}
        assert (" or " in found[3]) == any((f, c) not in bad for f in bad_feeders for c in at), "each in all, or not"
        assert named(found[3]) == (set(cases) if found[3].startswith("one or more") else at)
        if found[4]:
            assert set(re.findall(r"\b[a-f]\b", found[4])) == bad_feeders
    elif bad:
        found, words = take(r"Feeder ([a-f]) needs work in ([a-z ,]+|all \d cases)\.", words)
        assert found and {found[1]} == bad_feeders == set(feeders)
        assert named(found[2]) == {c for _, c in bad}
    else:
        assert "needs no work" in words or "None of" in words or "Nothing can be said" in words
        found, words = take(r"None of the (\d+) feeders( that were solved)? needs work in ", words)
        if found:
            assert int(found[1]) == len({f for f, _ in solved}) and bool(found[2]) == (int(found[1]) < len(feeders))
        found, words = take(r"any of the (\d+) cases", words)
        assert not found or int(found[1]) == len(cases)
        found, words = take(r"none of the (\d+) feeders could be solved", words)
        assert not found or (int(found[1]) == len(feeders) and not solved)

    found, words = take(r"Feeders that need work: ([^.]*)\.", words)
    for pair in found[1].split(", ") if found else ():
        count, case = pair.split(" in ")
        assert int(count) == sum(1 for _, c in bad if c == case)
    found, words = take(r"Hours with anything over a limit(?:, summed over feeders)?: ([^.]*)\.", words)
    for pair in found[1].split(", ") if found else ():
        count, case = pair.split(" in ")
        assert int(count) == sum(len(overloads[k] | outside[k]) for k in bad if k[1] == case)

    at = re.search(r"(?:The worst feeder is ([a-f])|Worst)(?:,? in (\w+))?:", words)
    worst = (at[1] or next(iter(bad_feeders)), at[2] or cases[0]) if at else None
    months = "January February March April May June July August September October November December".split()  # noqa: SIM905
    days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

    def hour(text: str) -> int:
        day, month, _, clock = text.split()
        return (sum(days[: months.index(month)]) + int(day) - 1) * 24 + int(clock[:2])

    pattern = (
        r"(line|transformer) ([xy])(?: of ([a-f]))? is loaded to ([\d.]+) % on (\d+ \w+ at \d\d:00) \(limit (\d+) %\)"
    )
    found, words = take(pattern, words)
    if found:
        if worst is None:
            near = max(solved, key=lambda k: max(share(solved[k]), 0))
            assert share(solved[near]) == pytest.approx(float(found[4]) / float(found[6]), abs=0.006)
            account = next(
                a for (f, _), a in solved.items() if found[3] in (None, f) and share(a) == share(solved[near])
            )
        else:
            account = solved[worst]
        element = account[f"{found[1]}s"][found[2]]
        assert float(found[4]) == pytest.approx(element["pct"], abs=0.51) and hour(found[5]) == element["at"]
        assert int(found[6]) == {"line": 100, "transformer": 120}[found[1]]
        assert element["pct"] / int(found[6]) == pytest.approx(share(account)), "the nearest to its limit is named"
    found, words = take(r"something is overloaded in ([\d,]+) hours?\b", words)
    assert not found or (worst and int(found[1]) == len(overloads[worst]))
    found, words = take(
        r"the voltage at ([mn])\.A falls to ([\d.]+) pu on (\d+ \w+ at \d\d:00) \(limit 0\.975 pu\)", words
    )
    if found:
        assert worst
        lowest = min(b["low"] for b in solved[worst]["buses"].values())
        bus = solved[worst]["buses"][found[1]]
        assert bus["low"] == lowest == float(found[2]) and hour(found[3]) == bus["at"]
    found, words = take(r"a voltage is outside its limits in (\d+) hours?\b", words)
    assert not found or (worst and int(found[1]) == len(outside[worst]))

    found, words = take(
        r"Losses are(?: highest)?(?: in (\w+))? ([\d.]+) % of the energy that enters(?:, most of ([a-f]): ([\d.]+) %)?",
        words,
    )
    if found:
        assert study["headline"] == "losses"
        case = found[1] or cases[0]
        mine = [a for (_, c), a in solved.items() if c == case]
        lost, given = (sum(sum(a[key]) for a in mine) for key in ("loss", "kw"))
        assert float(found[2]) == pytest.approx(100 * lost / given, abs=0.0051)
        if found[3]:
            most = max(100 * sum(a["loss"]) / sum(a["kw"]) for a in mine)
            account = solved[found[3], case]
            assert float(found[4]) == pytest.approx(most, abs=0.0051)
            assert float(found[4]) == pytest.approx(100 * sum(account["loss"]) / sum(account["kw"]), abs=0.0051)
    assert bool(found) == (study["headline"] == "losses" and bool(solved))

    always = {f for f in feeders if not any((f, c) in solved for c in cases)}
    some = {f for f in feeders if any((f, c) not in solved for c in cases)} - always
    found, words = take(r"(\d+) feeders? could not be solved", words)
    assert (int(found[1]) if found else 0) == len(always) or not solved
    found, words = take(r"(\d+) feeders? failed in some cases", words)
    assert (int(found[1]) if found else 0) == len(some)
    return words


def share(account: dict[str, Any]) -> float:
    """Highest loading of an account over its limit."""
    found = [e["pct"] / 100 for e in account["lines"].values()] + [
        e["pct"] / 120 for e in account["transformers"].values()
    ]
    return max(found, default=0.0)


def test_headline_has_five_figures_with_deltas(tmp_path: Path) -> None:
    known = facts.load(made.run_study(tmp_path, read(CASES[-1], "study")))
    assert CASES[-1].name == "two_of_three"
    figures = known.headline()
    assert [f.metric for f in figures] == [
        "feeders_violating",
        "overload_hours_h",
        "max_line_load_pct",
        "min_pu",
        "loss_pct",
    ]
    assert [f.cell.value for f in figures][:2] == [2, 3] and [f.delta for f in figures][:2] == [2, 3]
    assert [f.verdict for f in figures][:4] == ["worse"] * 4
    assert all(f.delta is None for f in known.headline("base"))


def test_matrix_and_elements(tmp_path: Path) -> None:
    known = facts.load(made.run_study(tmp_path, read(CASES[-1], "study")))
    assert known.matrix("violating_hours_h", ["a", "b"]) == {
        "a": {"base": 0, "growth": 3},
        "b": {"base": 0, "growth": 2},
    }
    rows = known.elements("a", "growth")
    assert {(r["kind"], r["element"]) for r in rows} == {("line", "l1"), ("line", "l2"), ("transformer", "t")}
    assert known.elements("c") == []


def test_every_limit_has_its_rule_and_every_metric_is_known(tmp_path: Path) -> None:
    for folder in CASES:
        place = tmp_path / folder.name
        place.mkdir()
        cube = tables.read("cube", made.run_study(place, read(folder, "study"))).to_pylist()
        assert {r["metric"].removeprefix("delta_") for r in cube} <= set(METRICS)
        assert all(r["rule"] for r in cube if r["limit"] is not None)
        assert all(METRICS[r["metric"]].elements or METRICS[r["metric"]].only_elements for r in cube if r["element"])


def test_a_wrong_name_is_an_error_and_not_an_empty_answer(tmp_path: Path) -> None:
    known = facts.load(made.run_study(tmp_path, read(CASES[-1], "study")))
    with pytest.raises(KeyError):
        known.value("max_line_load", "a", "growth")
    assert known.value("max_line_load_pct", "nobody", "growth") is None
