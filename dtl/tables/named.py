"""The answer of a case given the name of another: of cases that a group cannot tell apart files hold one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def renamed(table: pa.Table, own: Mapping[str, Any]) -> pa.Table:
    """The rows under other names: ``own`` gives the one value of each column that it names and the table has."""
    for word, value in own.items():
        place = table.schema.get_field_index(word)
        if place < 0:
            continue
        field = table.schema.field(place)
        plain = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        table = table.set_column(place, field, pa.repeat(pa.scalar(value, plain), table.num_rows).cast(field.type))
    return table


def unfolded(table: pa.Table, twins: Mapping[str, str]) -> pa.Table:
    """A table with columns ``feeder`` and ``case``, in their order, and the rows of the cases that are like another.

    ``twins`` maps a case to the one like it, as `dtl.spec.twins.twins` gives it; a case that has rows keeps them.
    """
    if not twins or not table.num_rows:
        return table
    case = pc.cast(table["case"], pa.string())
    there = set(pc.unique(case).to_pylist())
    parts = [
        renamed(table.filter(pc.equal(case, like)), {"case": name, "scenario": name.partition("@")[0]})
        for name, like in sorted(twins.items())
        if name not in there and like in there
    ]
    if not parts:
        return table
    whole = pa.concat_tables([table, *parts]).unify_dictionaries().combine_chunks()
    keys = pa.table({word: pc.cast(whole[word], pa.string()) for word in ("feeder", "case")})
    return whole.take(pc.sort_indices(keys, sort_keys=[("feeder", "ascending"), ("case", "ascending")]))


def all_cases(told: Mapping[str, Any], twins: Mapping[str, str]) -> dict[str, Any]:
    """The same of a map by case, as that of a manifest."""
    return {**{name: told[like] for name, like in twins.items() if like in told}, **told}
