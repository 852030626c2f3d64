"""Files that OpenDSS scripts name above their own folder belong to the source, as long as the study holds them."""

from __future__ import annotations

from pathlib import Path

from dtl.spec.sources import OpenDss


def test_files_above_the_folder_of_the_master(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    texts = {
        "data/model/master.dss": 'Redirect "..\\Lib Codes\\CODES.dss"\nnew loadshape.s csvfile=../shapes/s.csv npts=3\n'
        "redirect ../../../outside.dss\nbuscoords ../missing.csv\nredirect own.dss\n",
        "data/model/own.dss": "! plain\n",
        "data/lib codes/codes.dss": "compile (../more/last one.dss)\n",
        "data/more/last one.dss": "! redirect of a comment does not count: ../x\n",
        "data/shapes/s.csv": "1\n2\n3\n",
        "data/unused.dss": "",
        "../outside.dss": "",
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    source = OpenDss.model_validate({"kind": "opendss", "path": "data/model/master.dss"})
    found = [p.relative_to(folder).as_posix() for p in source.files(folder)]
    assert found == [
        "data/lib codes/codes.dss",
        "data/model/master.dss",
        "data/model/own.dss",
        "data/more/last one.dss",
        "data/shapes/s.csv",
    ]


def test_a_line_may_name_two_files(tmp_path: Path) -> None:
    line = "New Loadshape.s npts=2 mult = (file=../shapes/kw.csv) qmult = (file=../shapes/kvar.csv)\n"
    for name, text in {"model/m.dss": line, "shapes/kw.csv": "1\n2\n", "shapes/kvar.csv": "1\n2\n"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    source = OpenDss.model_validate({"kind": "opendss", "path": "model/m.dss"})
    found = [p.relative_to(tmp_path).as_posix() for p in source.files(tmp_path)]
    assert found == ["model/m.dss", "shapes/kvar.csv", "shapes/kw.csv"]
