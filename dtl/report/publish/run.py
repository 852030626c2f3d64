"""The verb `dtl publish`: a study's results into a database, part by part; what is there already is not sent."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from dtl.errors import StoreError
from dtl.report.publish.parts import Results
from dtl.report.publish.relations import RELATIONS
from dtl.report.publish.targets import OWNER, Duck, Postgres, Target

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def run(study: str, target: str, schema: str | None = None) -> int:
    """Publish and say what was sent; 0 on success.

    ``target`` is ``duckdb:FILE`` or ``postgresql://...``; ``schema`` is that of the study's name if not given.

    Raises
    ------
    StoreError
        There are no results, the target is unknown, or the database refuses.
    """
    name = schema or re.sub(r"\W", "_", study.lower())
    if not _NAME.fullmatch(name):
        raise StoreError(f"publish: {name!r} cannot be the name of a schema: letters, digits and _, e.g. --schema grid")
    results, base = Results(study), _opened(target, name)
    try:
        base.prepare()
        counts = publish(results, base)
    except base.refusal as err:
        why = " ".join(str(err).split())
        raise StoreError(f"publish: the database refused: {why}; what was sent before is kept, call it again") from err
    finally:
        base.close()
    for relation, (sent, kept, rows) in counts.items():
        if sent or kept:
            print(f"{relation:22s} {rows:>12,} rows sent in {sent} parts, {kept} parts were there")
    for note in getattr(base, "notes", []):
        print(note)
    print(f"published: schema {name} of {_shown(target)}")
    return 0


def publish(results: Results, base: Target) -> dict[str, tuple[int, int, int]]:
    """Send every part that is not there, and remove what the study has no longer; parts sent, kept, and rows sent.

    Raises
    ------
    StoreError
        The schema is that of another study, whose rows would be removed.
    """
    known = base.known()
    owner = known.pop(OWNER, None)
    if owner is None:
        base.own(results.study)
    elif owner != results.study:
        raise StoreError(f"publish: the schema holds the study {owner}; name another one by --schema")
    counts = dict.fromkeys(RELATIONS, (0, 0, 0))
    wanted = set()
    for part in results.parts():
        wanted.add((part.relation, part.name))
        sent, kept, rows = counts[part.relation]
        if known.get((part.relation, part.name)) == part.digest:
            counts[part.relation] = sent, kept + 1, rows
            continue
        table: Any = part.make()
        base.replace(RELATIONS[part.relation], part.name, part.digest, table)
        counts[part.relation] = sent + 1, kept, rows + table.num_rows
    for relation, name in sorted(set(known) - wanted):
        base.drop(relation, name)
    return counts


def _shown(target: str) -> str:
    """A target as it may be printed: without user, password and options."""
    found = urlsplit(target)
    return f"{found.hostname or ''}{found.path}"


def _opened(target: str, schema: str) -> Target:
    kind, _, rest = target.partition(":")
    if kind == "duckdb" and rest:
        return Duck(rest, schema)
    if kind in ("postgresql", "postgres"):
        return Postgres(target, schema)
    raise StoreError(f"publish: {target!r} is no database; write duckdb:FILE or postgresql://user@host/name")
