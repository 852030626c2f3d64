"""Write the IEEE 13-node and IEEE 123-node feeders, from our tables, as CYME text and as OpenDSS script.

    python studies/demo/write_models.py [--out FOLDER]

The tables hold facts in the units of the publication; they are converted once, here. CYME text leaves the impedances of
overhead lines to its reader (conductors at the positions of a spacing); the OpenDSS twin carries them as matrices
computed here, so that the two are a check of each other. Same tables, same bytes; nothing beyond the standard library.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from writer import cyme, opendss
from writer.facts import TITLES, Facts


def main(argv: Sequence[str] | None = None) -> int:
    """Write all files below the folder of `--out`."""
    parser = argparse.ArgumentParser(description="Write the two feeders as CYME text and as OpenDSS script.")
    beside = Path(__file__).resolve().parent / "data"
    parser.add_argument("--out", type=Path, default=beside, help="where to write (default: data, beside this script)")
    out: Path = parser.parse_args(argv).out
    for feeder in TITLES:
        facts = Facts(feeder)
        for form, write in (("cyme", cyme.files), ("opendss", opendss.files)):
            folder = out / form / feeder
            folder.mkdir(parents=True, exist_ok=True)
            for name, text in write(facts):
                (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
