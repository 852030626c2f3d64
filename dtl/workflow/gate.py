"""The gate: whether the results keep what the study expects of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from dtl import layout
from dtl.spec.study import Study
from dtl.workflow import audit, digests, expected, placed
from dtl.workflow.foresee import read


def run(study: str) -> int:
    """The hidden verb `dtl gate`: print the broken expectations of a study, keep the audit; 1 if there are any."""
    found = read(study)
    broken = judge(found)
    audit.append(found)
    for line in broken:
        print(line)
    return 1 if broken else 0


def judge(study: Study) -> list[str]:
    """The expectations that the results break, errors in data that nobody waived, layers that are nowhere: lines."""
    data = data_errors(study, Path(layout.FINDINGS.format(study=study.name)))
    return [*data, *placed.astray(study.name), *_failed(study), *_reference(study), *expected.broken(study)]


def data_errors(study: Study, findings: Path) -> list[str]:
    """What is wrong in sources besides the model, whose errors fail no feeder: one line for each source and check."""
    import pyarrow.parquet as pq

    columns = ["severity", "source", "check", "element", "value", "message", "file", "line"]
    found: dict[tuple[str, str], list[dict[str, object]]] = {}
    # `read_table` and filters import pandas, which takes longer than all else here
    with pq.ParquetFile(findings) as file:
        table = file.read(columns)
    wrong = [n for n, severity in enumerate(table["severity"].to_pylist()) if severity == "error"]
    for row in table.take(wrong).to_pylist() if wrong else []:
        if row["source"] not in ("", study.network.model):
            found.setdefault((row["source"], row["check"]), []).append(row)
    return [
        f"data: {len(rows)} error{'s' * (len(rows) > 1)} {check} in the source {source}, as {_shown(rows[0])}: "
        f"correct them, or waive `{check}` by name with a reason"
        for (source, check), rows in sorted(found.items())
    ]


def _shown(row: Mapping[str, object]) -> str:
    place = ":".join(str(row[k]) for k in ("file", "line") if row[k])
    return " ".join(str(x) for x in (place, row["element"], row["value"], row["message"]) if x)


def _failed(study: Study) -> Iterator[str]:
    bound = study.expect.failed_feeders
    if bound is None:
        return
    failed, known = failures(study.name)
    share = len(failed) / max(len(known), 1)
    for name, limit in expected.sides(bound, share):
        worst = "; ".join(f"{feeder}: {why}" for feeder, why in list(failed.items())[:3])
        yield (
            f"expect.failed_feeders: {100 * share:.1f} % of {len(known)} feeders failed, {name} {100 * limit:.1f} % is "
            "expected"
            f"{' (' + worst + ')' if worst else ''}"
        )


def _reference(study: Study) -> Iterator[str]:
    """Voltages against the reference; what could not be compared at all breaks it too."""
    bound = study.expect.reference_rmse_pu
    if bound is None:
        return
    whole = bound.per == "study"
    rmse, rows = _facts(study.name, "reference_rmse_pu"), _facts(study.name, "reference_rows")
    where = _facts(study.name, "reference_max_pu")
    for feeder in sorted(f for f in rows if (f == "") == whole):
        of = f" of {feeder}" * (not whole)
        if feeder not in rmse:
            yield f"expect.reference_rmse_pu: no voltage{of} could be compared with the reference"
            continue
        value, worst = rmse[feeder][0], where[feeder]
        for name, limit in expected.sides(bound, value):
            yield (
                f"expect.reference_rmse_pu: voltages{of} are {value:.5f} pu from the reference, {name} {limit:g} pu is "
                f"expected (farthest by {worst[0]:.5f} pu: {worst[1]})"
            )
    if not rows:
        yield "expect.reference_rmse_pu: nothing was compared with the reference"


def _facts(study: str, metric: str) -> dict[str, tuple[float, str]]:
    """Value and text of a metric by feeder, empty for the study; none where there is no cube."""
    from dtl import tables  # a run without such an expectation needs no Arrow

    path = Path(layout.CUBE.format(study=study))
    if not path.is_file():
        return {}
    rows = tables.read("cube", path, ["feeder", "element", "value", "text"], metric=metric).to_pylist()
    return {r["feeder"]: (r["value"], r["text"]) for r in rows if not r["element"]}


def failures(study: str) -> tuple[dict[str, str], list[str]]:
    """The feeders that failed in some case, with the reason, and all feeders of a study's results."""
    index = digests.read_json(Path(layout.FEEDERS.format(study=study))) or {"groups": {}}
    failed, known = {}, []
    for group, about in sorted(index["groups"].items()):
        known += about["feeders"]
        reasons = [] if about["status"] == "ok" else [about["reason"]]
        manifest = digests.read_json(Path(layout.MANIFEST.format(study=study, group=group))) if not reasons else None
        cases = manifest["cases"] if manifest else {}
        reasons += [f"{case}: {said['reason']}" for case, said in sorted(cases.items()) if said["status"] == "failed"]
        failed.update({feeder: reasons[0] for feeder in about["feeders"] if reasons})
    return failed, sorted(known)
