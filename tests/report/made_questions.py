"""Questions for the box of the site and for `dtl ask`: ones of our own, and words of the grammar in any order."""

from __future__ import annotations

import json
import random
import string
from pathlib import Path
from typing import Any

from dtl.learning.query.words import vocabulary

LISTS = sorted((Path(__file__).resolve().parents[1] / "bench/learning").glob("questions*.txt"))
EXACT = sorted(LISTS[0].parent.glob("questions_exact_*.jsonl"))
ODD = ("F12", "A-101", "Mill Road", "120%", "0.95", "pu", "2030", "7pm", "17:30", "1.5 MW", "-3", "2,5 %", "1,500 kW",
       "0,95", "٣", "twenty one", "constructor", "toString", "__proto__", "nan", "inf", "1_000", "9" * 30, ";", "then",
       "and the 3", "≥", "<=", "x2", "½", "F1 and F2", "except F3", "apart from", "May 2024", "L2")  # fmt: skip

ANSWERED = (
    "which feeder is the worst", "top 2 feeders by overload hours", "top 3 transformers by loading",
    "which transformers are loaded above 100 %", "how many buses are below 0.95 pu", "peak load of the network",
    "what is the peak load of feeder north", "what is the peak load of feeder south-2 in 2026",
    "total losses per feeder", "average peak load per feeder", "lines loaded between 50 and 90 %",
    "transformers of feeder south-2 above 50 %", "feeders except north by losses", "top 3 buses by voltage",
    "what is the peak load of feeder south-3", "feeders with hosting capacity above 100 kW",
    "buses with hosting capacity below 500 kW", "how does a 30% EV penetration change losses",
    "list all feeders", "SAIDI of the system in 2024", "average voltage of the buses", "worst feeders on weekdays",
    "recommend scenarios to run", "what if EV penetration doubles", "can feeder north host 500 kW",
    "what is the capital of France", "drop table feeders", "losses in 2050", "loss of life of transformers above 5 %",
    "how many transformers are overloaded", "feeders with SAIFI above 1; then the worst feeder",
    "buses with voltage below 95 %", "feeders with losses above 5 %", "feeders with losses above 1 MWh",
    "buses outside 0.98 and 1.01 pu", "how many buses are outside 0.98 and 1.01 pu", "buses between 0.96 and 0.98 pu",
    "what is the highest bus voltage of feeder north", "buses above 1.001", "feeders above 1.01 pu",
    "buses outside ansi range a", "feeders overloaded by 2026", "peak load of feeder North and feeder South-2",
    "transformers of feeder North or feeder South-2 above 50 %",
    "compare losses of feeder North and feeder South-2 with 30% EVs",
    "is the peak load of feeder north below 2 MW", "does feeder south-2 stay above 0.99 pu",
    "are any transformers overloaded", "do all buses meet ansi range a", "does feeder north exceed 5 % losses",
    "is transformer t12 overloaded", "what about feeder north", "set the rating of line 4 to 500",
    "losses of feeder north above one hundred and fifty kWh", "mean loading per transformer",
    "top two dozen buses by voltage", "feeders with SAIDI between 30 minutes and two hours", "peak load in Q3",
    "losses over 0.1 MW",    "feeders with losses above 0.3 MW", "transformers over 500 kVA by peak load",
    "feeders with peak load above 2 MVA",
    "lines between 500 m and 2 km", "what if EV adoption is 3 times as high", "feeders with loading above average",
    "what if EV adoption grows by a quarter", "transformers above 0.5 MVA loaded over an hour and a half",
    "how many customers hang on overloaded transformers", "feeders whose peak is not above 500 kW",
)  # fmt: skip
"""Questions to the made-up study."""


def listed() -> list[str]:
    """The questions of the score script."""
    lines = [line for path in LISTS for line in path.read_text(encoding="utf-8").splitlines()]
    return [line.split("|", 3)[3] for line in lines if line.count("|") >= 3] + [c["text"] for c in exact()]


def exact() -> list[dict[str, Any]]:
    """The questions that the score script scores by their whole query."""
    return [json.loads(line) for path in EXACT for line in path.read_text(encoding="utf-8").splitlines()]


def mixed(count: int, seed: int) -> list[str]:
    """Words of the grammar in any order, with numbers, ids, mistakes and letters of other scripts among them."""
    draw = random.Random(seed)
    words, letters = sorted(vocabulary()), string.printable + "äéİßǅ漢²½ﬁ"
    found = []
    for _ in range(count):
        picked = [draw.choice(words if draw.random() < 0.8 else ODD) for _ in range(draw.randrange(1, 14))]
        if draw.random() < 0.3:
            at = draw.randrange(len(picked))
            cut = draw.randrange(len(picked[at]))
            picked[at] = picked[at][:cut] + draw.choice(letters) + picked[at][cut + 1 :]
        found.append(" ".join(picked))
    return found + ["".join(draw.choice(letters) for _ in range(draw.randrange(60))) for _ in range(count // 5)]
