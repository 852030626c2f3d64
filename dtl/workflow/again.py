"""A sample of the published answers, computed again and compared: do the same questions still have the same answers?

On the class of processors of the run the bytes must be the same. On another, or where the run fetched the answer from
elsewhere, the last digits of numbers may differ: tables are then compared within `TOLERANCE`, and it is said.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Literal

from dtl import layout
from dtl.processes import processor
from dtl.workflow import border, digests, job
from dtl.workflow.questions import published
from dtl.workflow.store import Answer, Store

TOLERANCE = 1e-5
"""Relative difference of numbers that another class of processors may make; single precision has 6e-8."""

Verdict = Literal["same", "near", "different"]


def again(store: Store, share: float, seed: str = "") -> int:
    """Compute a share of the published answers again and print what differs; how many are not as they must be.

    Which ones depends on their keys and the seed alone. The inputs are those that lie in the results.
    """
    if not share:
        return 0
    studies, counted, wrong = border.Border(), Counter[Verdict](), 0
    for study in studies.studies:
        for record in published(study):
            each = studies.slices(study).job(record["stage"], record["of"])
            ours = _processor(study, record["run"]) in ("", processor())
            for said in record["answers"]:
                answer = store.answer(said["key"])
                if answer is None or int(digests.of_text(seed + said["key"])[:8], 16) >= share * 2**32:
                    continue
                name = f"{each.name} {said['case']}".rstrip()
                with store.scratch("again") as scratch:
                    other = Store(scratch)
                    now = job.answer_anew(each, said["case"], store, other)
                    if now.key != answer.key:
                        print(f"{name}: its question has changed since it was published; run the study")
                        continue
                    verdict = compared(store, answer, other, now)
                counted[verdict] += 1
                if verdict == "different" or (verdict == "near" and ours and said["how"] == "computed"):
                    wrong += 1
                    print(f"{name}: comes out differently now ({answer.key[:12]})")
    asked = sum(counted.values())
    also = f", {counted['near']} within {TOLERANCE:g} though not in every byte" * bool(counted["near"])
    print(f"{asked} answers computed again, {wrong} differ{also}")
    return wrong


def _processor(study: str, run: str) -> str:
    """The class of processors on which a run was made, if it is known."""
    facts = digests.read_json(Path(layout.RUNS.format(study=study)) / f"{run}.json") or {}
    return str(facts.get("processor", ""))


def compared(store: Store, answer: Answer, other: Store, now: Answer) -> Verdict:
    """Whether two answers to one question are the same in every byte, within the tolerance, or not."""
    if now.outputs == answer.outputs:
        return "same"
    if now.outputs.keys() != answer.outputs.keys():
        return "different"
    shelf, anew = store.shelf(answer.key), other.shelf(now.key)
    changed = [name for name, output in answer.outputs.items() if now.outputs[name] != output]
    return "near" if all(_near(shelf / name, anew / name) for name in changed) else "different"


def _near(one: Path, two: Path) -> bool:
    if one.is_dir() and two.is_dir():
        names = digests.files_of(one)
        return names == digests.files_of(two) and all(_near(one / n, two / n) for n in names)
    if one.suffix == ".parquet":
        import pyarrow.parquet as pq

        return _near_tables(pq.read_table(one), pq.read_table(two))
    return one.read_bytes() == two.read_bytes()


def _near_tables(one: Any, two: Any) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    if one.schema != two.schema or one.num_rows != two.num_rows:
        return False
    for name in one.column_names:
        a, b = one[name].combine_chunks(), two[name].combine_chunks()
        if pa.types.is_list(a.type):
            if a.value_lengths() != b.value_lengths():
                return False
            a, b = a.flatten(), b.flatten()
        if not pa.types.is_floating(a.type):
            if a != b:
                return False
            continue
        a, b = a.cast(pa.float64()), b.cast(pa.float64())
        scale = pc.max_element_wise(pc.abs(a), pc.abs(b))
        far = pc.greater(pc.abs(pc.subtract(a, b)), pc.multiply(scale, TOLERANCE))
        if a.is_null() != b.is_null() or pc.any(far).as_py():
            return False
    return True
