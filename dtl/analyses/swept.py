"""The stage ``sweep_feeder``: one point of a sweep of one group, solved and judged; of it only the figures are kept.

Of the sweep that ``analyses.hosting`` names, the hosting capacity is found at each point, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dtl import tables
from dtl.analyses.assess import assess, failed_rows
from dtl.analyses.hosting.stage import hosted
from dtl.errors import NotConverged, SolveError
from dtl.powerflow import results
from dtl.powerflow.solve import solved_case
from dtl.scenarios.context import read_context


def sweep_feeder(spec: Mapping[str, Any], inputs: Mapping[str, Any], outputs: Mapping[str, Path]) -> None:
    """Write the rows of ``assess`` of one point that stand for whole feeders, and its rows of ``hosting``, if asked.

    A point without solution says why.
    """
    case = {"scenario": spec["scenario"], "year": spec["year"], "case": spec["case"]}
    try:
        reduction = solved_case(spec, inputs, read_context(dict(spec), inputs)).solved.reduction
    except (SolveError, NotConverged) as err:
        rows = failed_rows(spec, Path(inputs["feeder"]), str(err))
    else:
        found = {
            "powerflow": results.powerflow(reduction, case),
            "hourly": results.hourly(reduction, case),
            "violations": results.violations(reduction, case)[0],
        }
        rows = [row for row in assess(spec, found) if not row["kind"]]
    tables.write("assess", tables.frame("assess", rows), outputs["swept"])
    words = spec.get("hosting")
    asked = {**spec, "analyses": {"hosting": words}}
    tables.write("hosting", tables.frame("hosting", hosted(asked, inputs) if words else []), outputs["hosted"])
