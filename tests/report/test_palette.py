"""Colours that everybody can tell apart: contrast by WCAG 2.2, distances in CIELAB for three kinds of colour blindness.

Colour blindness by the matrices of Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
"""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from dtl.report.palette import GROUND, PHASES, SCALES, SCENARIOS, css, scenario_colour, script, volt_class

SIGHT = {
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
SCHEMES = ("light", "dark")


def linear(colour: str) -> np.ndarray:
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    high, low = sorted((float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (a, b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ np.clip(rgb, 0, 1) / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def nearest(colours: tuple[str, ...], sight: str) -> float:
    seen = [lab(np.array(SIGHT[sight]) @ linear(c)) for c in colours]
    return min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2))


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("name", "least"), [("load", 14), ("volt", 20), ("fit", 18), ("diff", 18), ("age", 12), ("risk", 12)]
)
def test_classes_can_be_told_apart(name: str, least: float, scheme: str, sight: str) -> None:
    assert nearest(getattr(SCALES[name], scheme), sight) >= least


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_scenarios_and_phases_can_be_told_apart(scheme: str, sight: str) -> None:
    assert nearest(SCENARIOS[scheme], sight) >= 18
    assert nearest(PHASES[scheme][:3], sight) >= 10


@pytest.mark.parametrize("scheme", SCHEMES)
def test_scenarios_are_seen_on_the_ground_and_the_baseline_alone_is_grey(scheme: str) -> None:
    assert all(contrast(colour, GROUND[scheme]) >= 4.3 for colour in SCENARIOS[scheme])
    numbers = [scenario_colour(place) for place in range(12)]
    assert numbers.count(0) == 1 and max(numbers) == len(SCENARIOS[scheme]) - 1
    assert len(set(numbers[:8])) == 8, "a baseline and seven scenarios have a colour each"


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", SCALES)
def test_trouble_stands_out_from_the_ground_and_is_wider(name: str, scheme: str) -> None:
    scale = SCALES[name]
    calm = max(w for w, bad in zip(scale.width, scale.trouble, strict=True) if not bad)
    for colour, width, bad in zip(getattr(scale, scheme), scale.width, scale.trouble, strict=True):
        assert contrast(colour, GROUND[scheme]) >= (2.7 if bad else 1.8)
        if bad:
            assert width >= calm + 1


def test_text_is_readable(root: Path) -> None:
    text = (root / "site/theme/assets/dtl/dtl.css").read_text()
    blocks = {
        s: text[text.index(f"{m} {{") :].split("}")[0]
        for s, m in (("light", ":root"), ("dark", '[data-md-color-scheme="slate"]'))
    }
    for scheme, block in blocks.items():
        told = dict(re.findall(r"--dtl-([a-z]+): (#[0-9a-f]{6})", block))
        for ink in ("text", "soft", "bad", "good", "accent"):
            for ground in ("bg", "fill"):
                assert contrast(told[ink], told[ground]) >= 4.5, (scheme, ink, ground)


def test_a_break_belongs_to_the_class_below() -> None:
    load = SCALES["load"]
    assert [load.of(v) for v in (0, 50, 50.01, 80, 100, 100.0001, 120, 120.1, None)] == [0, 0, 1, 1, 2, 3, 3, 4, None]


def test_voltage_classes_are_cut_at_the_limits() -> None:
    classes = [
        volt_class(low, high, 0.95, 1.05)
        for low, high in ((0.92, 1), (0.94, 1), (0.95, 1.05), (1, 1.06), (1, 1.08), (0.9, 1.06))
    ]
    assert classes == [0, 1, 2, 3, 4, 0]
    assert volt_class(None, 1.0, 0.95, 1.05) is None


def test_script_and_css_carry_every_colour() -> None:
    colours = {c for s in SCALES.values() for c in (*s.light, *s.dark)} | {
        c for p in (SCENARIOS, PHASES) for s in p.values() for c in s
    }
    assert all(c in css() and c in script() for c in colours)
