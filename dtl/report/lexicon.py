"""The grammar of questions as the pages read it: the same words and tables as `dtl ask`, exported once per site."""

from __future__ import annotations

import json
from typing import Any

from dtl.learning.query import check, filters, heeded, moment, order, scenario
from dtl.learning.query.parse import OF_METRIC
from dtl.learning.query.words import grammar, vocabulary


def payload() -> dict[str, Any]:
    """The payload ``lexicon``; objects whose order decides are texts of JSON, which keep it."""
    rules = {
        "age": filters.AGE,
        "bounds": filters.BOUNDS,
        "unit_fields": filters.UNIT_FIELDS,
        "pct_fields": filters.PCT_FIELDS,
        "durations": filters.DURATIONS,
        "to_minutes": filters.TO_MINUTES,
        "quarters": filters.QUARTERS,
        "turned": filters.NOT,
        "between": filters.BETWEEN,
        "near_nominal": filters.NEAR_NOMINAL,
        "also": filters.ALSO,
        "units": heeded.UNITS,
        "highest_pu": heeded.HIGHEST_PU,
        "years": heeded.YEARS,
        "links": moment.LINKS,
        "beside": {"after": scenario.AFTER, "before": scenario.BEFORE, "setting": scenario.SETTING},
        "of_metric": OF_METRIC,
        "loading": heeded.LOADING,
        "effect": heeded.EFFECT,
        "whether": order.WHETHER,
        "check": {
            "asking": check.ASKING,
            "room": check.ROOM,
            "verdict": check.VERDICT,
            "whichever": check.WHICHEVER,
        },
    }
    words = json.dumps(grammar(), ensure_ascii=False)
    return {"grammar": words, "rules": json.dumps(rules, ensure_ascii=False), "vocabulary": sorted(vocabulary())}
