"""The CSV of ``demand.follows``: which column of the file of profiles each load and generator of the model follows."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from dtl.spec import small_csv
from dtl.spec.base import near

KINDS = ("load", "generator")


@dataclass(frozen=True)
class Follows:
    """One row: a part of the model, and the names of the columns ``profile:NAME`` that multiply its kW and kvar.

    Names are in lower case; that of the part may begin with ``FEEDER:``. Without a column of its own kvar follows kW.
    """

    line: int
    kind: str
    name: str
    kw: str
    kvar: str


def follows(path: Path, known: Container[str] | None = None) -> list[Follows]:
    """The rows of a file, in its order; ``known`` are the profiles that there are, None where that is not asked.

    Raises
    ------
    SmallCsvError
        Columns lack or are unknown, a row names no part, no profile or one that is not there, or a part stands there
        twice; all of them are told.
    """
    found: dict[tuple[str, str], Follows] = {}
    rows, wrong = small_csv.read(path, ("name", "kw_profile"), ("kind", "kvar_profile", "index", "note"))
    for line, row in rows:
        kind = row.get("kind", "").lower() or KINDS[0]
        one = Follows(line, kind, row["name"].lower(), row["kw_profile"].lower(), row.get("kvar_profile", "").lower())
        if kind not in KINDS:
            wrong.append(f":{line}: kind: '{row['kind']}' is neither load nor generator{near(kind, KINDS)}")
        elif kind == "generator" and one.kvar:
            wrong.append(f":{line}: kvar_profile: kvar of a generator follow its kW; leave it empty")
        if not one.name or not one.kw:
            wrong.append(f":{line}: {'kw_profile' if one.name else 'name'}: is empty")
        if (kind, one.name) in found:
            wrong.append(f":{line}: name: {kind} '{row['name']}' stands there twice")
        if known is not None:
            wrong += [
                f":{line}: {word}: there is no column 'profile:{name}' in the file of profiles"
                for word, name in (("kw_profile", one.kw), ("kvar_profile", one.kvar))
                if name and name not in known
            ]
        found[kind, one.name] = one
    small_csv.refuse(wrong)
    return list(found.values())
