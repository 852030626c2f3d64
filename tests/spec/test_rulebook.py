"""The rule library: its files keep one schema, and the limits are those of the standards."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise

import pytest

from dtl.spec import rulebook

RULES = rulebook.names()
LIMIT = {"range", "at", "kv", "low_pu", "high_pu", "clause", "source", "confirmed_by"}
ALSO = {"what", "at_most", "clause", "source", "confirmed_by"}


def test_the_issues_rules_are_there() -> None:
    assert {"ansi-c84.1@2020", "en-50160@2010", "vde-ar-n-4110@2018", "vde-ar-n-4105@2018", "lv-mini@1"} <= set(RULES)


@pytest.mark.parametrize("name", RULES)
def test_file_keeps_the_schema(name: str) -> None:
    content = rulebook.read(name)
    top = {"rule", "edition", "title", "valid_from", "default_range", "judged", "limits"}
    assert set(content) - {"also", "not_assessed"} == top
    assert f"{content['rule']}@{content['edition']}" == name, "the file is called after its rule and edition"
    assert re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", content["valid_from"])
    assert content["default_range"] in {limit["range"] for limit in content["limits"]}
    for limit in content["limits"]:
        assert set(limit) - {"percentile", "mean_min"} == LIMIT
        assert limit["at"] in {"service", "utilization"}
        assert all(isinstance(limit[k], str) for k in ("range", "clause", "source", "confirmed_by"))
        assert all(limit[k] for k in ("clause", "source", "confirmed_by"))
        low, high = limit["kv"]
        assert 0 <= low < high
        assert limit["low_pu"] == 0 or 0.8 <= limit["low_pu"] < 1
        assert 1 < limit["high_pu"] <= 1.2
    for fact in content.get("also", []):
        assert set(fact) - {"kv", "kva"} == ALSO and fact["at_most"] > 0


@pytest.mark.parametrize("name", RULES)
def test_no_voltage_has_two_limits_or_falls_in_a_gap(name: str) -> None:
    limits = rulebook.read(name)["limits"]
    for range_, at in {(limit["range"], limit["at"]) for limit in limits}:
        bands = [limit["kv"] for limit in limits if (limit["range"], limit["at"]) == (range_, at)]
        for (_, end), (start, _) in pairwise(bands):
            assert end == start, f"{name} {range_} {at}: {bands} must follow one another, the lower first"


def limits_at(kv: float, rule: str, range_: str | None = None, at: str = "service") -> tuple[float, float]:
    """The band as a study would get it: the first entry that holds the voltage."""
    for limit in rulebook.resolve(rule, range_, at):
        if limit["kv"][0] <= kv <= limit["kv"][1]:
            return limit["low_pu"], limit["high_pu"]
    raise AssertionError(f"no limit at {kv} kV")


@pytest.mark.parametrize(
    ("kv", "rule", "range_", "at", "volts_of_120"),
    [
        (0.208, "ansi-c84.1@2020", "A", "service", (114, 126)),
        (0.6, "ansi-c84.1@2020", None, "service", (114, 126)),
        (4.16, "ansi-c84.1@2020", "A", "service", (117, 126)),
        (0.24, "ansi-c84.1@2020", "A", "utilization", (108, 126)),
        (0.24, "ansi-c84.1@2020", "B", "service", (110, 127)),
        (12.47, "ansi-c84.1@2020", "B", "service", (114, 127)),
        (0.24, "ansi-c84.1@2020", "B", "utilization", (104, 127)),
    ],
)
def test_ansi_in_volts(kv: float, rule: str, range_: str | None, at: str, volts_of_120: tuple[float, float]) -> None:
    low, high = limits_at(kv, rule, range_, at)
    assert (low * 120, high * 120) == pytest.approx(volts_of_120, abs=0.05)


def test_european_bands() -> None:
    assert limits_at(0.4, "en-50160") == (0.9, 1.1)
    assert limits_at(0.4, "en-50160@2010", "always") == (0.85, 1.1)
    assert limits_at(20, "en-50160", "always") == (0.85, 1.15)
    assert limits_at(20, "vde-ar-n-4110@2018") == (0.9, 1.1)
    assert limits_at(0.4, "lv-mini@1") == (0.94, 1.06)


def test_a_bare_name_stands_for_its_only_edition() -> None:
    limit = rulebook.resolve("en-50160")[0]
    assert limit["rule"] == "en-50160@2010" and limit["range"] == "weekly"
    assert "95 %" in limit["clause"] and "every interval" in limit["clause"]


@pytest.mark.parametrize(
    ("rule", "range_", "at", "told"),
    [
        ("ansi-c841@2020", None, "service", "did you mean ansi-c84.1@2020?"),
        ("ansi-c84.1@2016", None, "service", "no edition '2016'; there is ansi-c84.1@2020"),
        ("ansi-c84.1@2020", "C", "service", "there is A, B"),
        ("lv-mini@1", "A", "service", "it has only one"),
        ("en-50160", "weakly", "service", "did you mean weekly?"),
        ("en-50160", None, "utilisation", "there is service"),
        ("ansi-c84.1", None, "utilisation", "did you mean utilization?"),
        ("", None, "service", "there is no rule ''"),
    ],
)
def test_unknown_words_name_the_nearest(rule: str, range_: str | None, at: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        rulebook.resolve(rule, range_, at)


def test_what_was_not_checked_says_so() -> None:
    """Only the two service bands below 600 V were seen in public material; the rest claims nothing."""
    claimed = [
        (name, limit["range"], limit["at"], limit["kv"][1])
        for name in RULES
        for limit in rulebook.read(name)["limits"]
        if limit["confirmed_by"] != "none"
    ]
    assert claimed == [("ansi-c84.1@2020", "A", "service", 0.6), ("ansi-c84.1@2020", "B", "service", 0.6)]


def test_a_caller_cannot_change_the_library() -> None:
    rulebook.resolve("lv-mini@1")[0]["kv"].append(9)
    rulebook.resolve("lv-mini@1")[0]["low_pu"] = 0
    assert limits_at(0.4, "lv-mini@1") == (0.94, 1.06)


def test_importing_it_is_light() -> None:
    code = "import sys, dtl.spec.rulebook; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert loaded.isdisjoint({"numpy", "pandas", "pyarrow", "pydantic"})
