"""Colours, classes and widths of severity: the one place from which tables, charts and the map take them.

Classes are cut at the limits of the study, never at quantiles. Trouble is dark or warm *and* wide, so it shows without
colour too; ``tests/report/test_palette.py`` holds contrast and the distances for three kinds of colour blindness.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass

GROUND = {"light": "#f7f8f8", "dark": "#14181c"}
"""The ground of the map."""


@dataclass(frozen=True)
class Scale:
    """Ordered classes of severity, cut by ``breaks``.

    ``labels``, ``light``, ``dark``, ``width`` and ``trouble`` have one entry per class; ``width`` is that of a line
    [CSS pixels], and ``trouble`` says which classes are violations.
    """

    breaks: tuple[float, ...]
    labels: tuple[str, ...]
    light: tuple[str, ...]
    dark: tuple[str, ...]
    width: tuple[float, ...]
    trouble: tuple[bool, ...]

    def of(self, value: float | None) -> int | None:
        """The class of a value; a value on a break belongs to the class below it. None stays None."""
        if value is None:
            return None
        at = bisect_right(self.breaks, value)
        return at - 1 if at and self.breaks[at - 1] == value else at


FAR_PU = 0.02
"""How far beyond its limit a voltage counts as far beyond [pu]."""

SCALES = {
    "load": Scale(
        (50.0, 80.0, 100.0, 120.0),
        ("up to 50 %", "50 to 80 %", "80 to 100 %", "100 to 120 %", "above 120 %"),
        ("#aab4bb", "#5a9bd0", "#d99a00", "#d9481c", "#7a0030"),
        ("#4d5963", "#4f8fc4", "#f0c24b", "#ff7a45", "#ff4d8d"),
        (1.3, 1.6, 2.0, 3.2, 4.4),
        (False, False, False, True, True),
    ),
    "volt": Scale(
        (),
        ("far below", "below", "within", "above", "far above"),
        ("#8c2d04", "#d9741a", "#a9b4bb", "#4a90c4", "#08407e"),
        ("#ff5a36", "#f2b27a", "#59646d", "#5aa7e0", "#c3dcff"),
        (4.4, 3.2, 1.3, 3.2, 4.4),
        (True, True, False, True, True),
    ),
    "fit": Scale(
        (0.0, 25.0, 100.0, 500.0),
        ("nothing fits", "up to 25 kW", "25 to 100 kW", "100 to 500 kW", "above 500 kW"),
        ("#c0392b", "#2a1a4a", "#355f9b", "#2f9aa0", "#86bf9a"),
        ("#ff5a36", "#f7f3b0", "#8ad6b0", "#2f9aa6", "#4f66b4"),
        (3.4, 2.4, 2.2, 2.0, 1.8),
        (True, False, False, False, False),
    ),
    "diff": Scale(
        (-10.0, -1.0, 1.0, 10.0),
        ("more than 10 lower", "1 to 10 lower", "within 1", "1 to 10 higher", "more than 10 higher"),
        ("#4a2a8a", "#8f7cc0", "#aab4bb", "#d97a10", "#8c2d04"),
        ("#c4b0ff", "#8672c4", "#4d5963", "#d98324", "#ffc9a8"),
        (3.0, 2.2, 1.3, 2.4, 4.0),
        (False, False, False, False, True),
    ),
    "age": Scale(
        (10.0, 20.0, 30.0, 40.0),
        ("up to 10 years", "10 to 20 years", "20 to 30 years", "30 to 40 years", "above 40 years"),
        ("#b9a9cf", "#9a86c9", "#7a5cae", "#5a3a86", "#2d1a4d"),
        ("#4a4f78", "#3f7f96", "#4fb09a", "#a6d98c", "#fbf7c0"),
        (1.4, 1.7, 2.0, 2.3, 2.8),
        (False, False, False, False, False),
    ),
    "risk": Scale(
        (1.0, 3.0, 6.0, 12.0),
        ("up to 1 a year", "1 to 3 a year", "3 to 6 a year", "6 to 12 a year", "above 12 a year"),
        ("#b9a9cf", "#9a86c9", "#7a5cae", "#5a3a86", "#2d1a4d"),
        ("#4a4f78", "#3f7f96", "#4fb09a", "#a6d98c", "#fbf7c0"),
        (1.4, 1.7, 2.0, 2.3, 2.8),
        (False, False, False, False, False),
    ),
}
"""``load``: loading, per cent of its limit, cut by `Scale.of`. ``volt``: cut by `volt_class`. ``fit``: the plant that
fits at a bus [kW]; its breaks are a house, a shop and a plant with a study of its own. ``diff``: loading less that of
another case [points of the limit]. ``age``: years since installation. ``risk``: unplanned interruptions of a feeder
expected in a year."""

OF_COLUMN = {"load": "load", "volt": "volt", "fit_generation": "fit", "fit_load": "fit", "fit_pv": "fit"}
"""The scale of each column by which the overview of the map is coloured."""

SCENARIOS = {
    "light": ("#5b6770", "#c75000", "#0475b6", "#00603d", "#7f357f", "#8a3ffc", "#141a3c", "#7a1500"),
    "dark": ("#a8b4bd", "#ff9a52", "#57b0eb", "#4be2ad", "#b375af", "#d040ff", "#ffee66", "#ff4d6d"),
}
"""Colours of scenarios as categories; the baseline alone has the first, grey."""

PHASES = {
    "light": ("#b3402a", "#1f6fb2", "#2f7d4f", "#5b6770"),
    "dark": ("#ff8a70", "#6ab7f5", "#6fce94", "#a8b4bd"),
}
"""Colours of the phases A, B, C and of any other."""


def volt_class(low: float | None, high: float | None, low_limit: float, high_limit: float) -> int | None:
    """The class of a bus by its lowest and highest voltage of the year [pu]: 0 far below ... 2 within ... 4 far above.

    The side that is further outside counts.
    """
    if low is None or high is None:
        return None
    below, above = low_limit - low, high - high_limit
    if below <= 0 and above <= 0:
        return 2
    if below >= above:
        return 0 if below > FAR_PU else 1
    return 4 if above > FAR_PU else 3


def scenario_colour(place: int) -> int:
    """The number of the colour of a scenario by its place, the baseline at 0; after the eighth they begin anew at 1."""
    return 0 if place == 0 else 1 + (place - 1) % (len(SCENARIOS["light"]) - 1)


def script() -> str:
    """The palette as a script of the site."""
    scales = {name: {k: list(v) for k, v in vars(scale).items()} for name, scale in SCALES.items()}
    told = {"ground": GROUND, "scales": scales, "scenarios": SCENARIOS, "phases": PHASES, "far_pu": FAR_PU}
    return f"DTL.palette = {json.dumps(told, sort_keys=True)};\n"


def css() -> str:
    """The palette as custom properties, one block per colour scheme."""
    blocks = []
    for scheme, selector in (("light", ":root"), ("dark", "[data-md-color-scheme=slate]")):
        lines = [f"  --dtl-ground: {GROUND[scheme]};"]
        for name, scale in SCALES.items():
            colours = scale.light if scheme == "light" else scale.dark
            lines += [f"  --dtl-{name}-{i}: {c};" for i, c in enumerate(colours)]
        lines += [f"  --dtl-scenario-{i}: {c};" for i, c in enumerate(SCENARIOS[scheme])]
        lines += [f"  --dtl-phase-{i}: {c};" for i, c in enumerate(PHASES[scheme])]
        blocks.append(f"{selector} {{\n" + "\n".join(lines) + "\n}\n")
    return "".join(blocks)
