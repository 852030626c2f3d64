"""The digest of code: what means something changes it, what does not leaves it alone."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dtl.powerflow import newton
from dtl.workflow import fingerprint, sight
from dtl.workflow.stage import Stage
from dtl.workflow.stages import STAGES

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "__init__": '"""A package."""\n',
    "stage": """'A stage.'
from typing import TYPE_CHECKING

import numpy

from {top} import near

if TYPE_CHECKING:
    from {top}.types import T


def ask(spec, inputs, outputs):
    'Ask.'
    return near.far.NUMBER
""",
    "near": '"""Near."""\nfrom . import far\n\n__all__ = ["far"]\n',
    "far": '"""Far."""\nNUMBER = 1\n',
    "types": "T = int\n",
    "other": "import pandas\n",
    "registry": 'KINDS = {{"growth": "{top}.growth:apply", "ev": "{top}.ev:apply"}}\n',
    "growth": "def apply(): return 1\n",
    "ev": "def apply(): return 2\n",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, str]]:
    """Writes the package with some modules replaced and gives the digests of its stage."""
    top = f"package_{tmp_path.name.replace('-', '_')}"
    folder = tmp_path / top
    folder.mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    stage = Stage("ask", f"{top}.stage:ask", "study", {}, {}, registry=f"{top}.registry:KINDS")

    def digests(spec: object = (), **replaced: Callable[[str], str]) -> dict[str, str]:
        for name, text in FILES.items():
            text = text.format(top=top) if name in ("stage", "registry") else text
            (folder / f"{name}.py").write_text(replaced.get(name, lambda t: t)(text))
        return fingerprint.Code().digests(stage, spec)

    return digests


SAME = {
    "comment": {"stage": lambda t: t + "# a remark\n"},
    "docstrings": {"stage": lambda t: t.replace("A stage", "The stage").replace("Ask.", "Ask it.")},
    "white space": {"far": lambda t: t.replace("NUMBER = 1", "NUMBER  =  1\n\n")},
    "module nobody imports": {"other": lambda t: "x = 1\n"},
    "types only": {"types": lambda t: "T = str\n"},
    "kind not used": {"ev": lambda t: t.replace("2", "3")},
    "kind registered": {"registry": lambda t: t.replace("{", '{"pv": "a.b:c", ')},
}
OTHER = {
    "constant two modules down": {"far": lambda t: t.replace("1", "2")},
    "the stage itself": {"stage": lambda t: t.replace("return", "return 1 +")},
    "a new library": {"far": lambda t: "import pyarrow\n" + t},
    "the package's own init": {"__init__": lambda t: t + "X = 1\n"},
}


@pytest.mark.parametrize("edit", SAME.values(), ids=list(SAME))
def test_what_means_nothing_is_not_seen(package: Callable[..., dict[str, str]], edit: dict) -> None:
    spec = {"layers": [{"kind": "growth"}]}
    assert package(spec, **edit) == package(spec)


@pytest.mark.parametrize("edit", OTHER.values(), ids=list(OTHER))
def test_what_means_something_is_seen(package: Callable[..., dict[str, str]], edit: dict) -> None:
    assert package(**edit)[""] != package()[""]


def test_kinds_count_where_they_are_used(package: Callable[..., dict[str, str]]) -> None:
    spec = {"cases": {"a": {"layers": [{"kind": "growth"}]}}, "analyses": {"ev": {}}}
    assert set(package()) == {""}
    assert set(package(spec)) == {"", "growth", "ev"}
    assert package(spec, growth=lambda t: t.replace("1", "4"))["growth"] != package(spec)["growth"]
    assert package(spec, growth=lambda t: t.replace("1", "4"))[""] == package(spec)[""]


def test_a_version_of_a_library_counts(package: Callable[..., dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    before = package()
    monkeypatch.setattr(fingerprint, "version", lambda name: "999" if name == "numpy" else "1")
    with_numpy = package()
    monkeypatch.setattr(fingerprint, "version", lambda name: "999" if name == "pandas" else "1")
    assert len({before[""], with_numpy[""], package()[""]}) == 3
    without = package()
    monkeypatch.setattr(fingerprint, "version", lambda name: "1")
    assert package() == without, "pandas is not imported by the stage"


def test_files_beside_the_code_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint, "ROOT", tmp_path)
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages/a.html").write_text("a")
    stage = Stage("ask", "dtl.errors:ask", "study", {}, {}, data=("pages/**/*",))
    before = fingerprint.Code().digests(stage, {})
    (tmp_path / "pages/a.html").write_text("b")
    assert fingerprint.Code().digests(stage, {}) != before
    (tmp_path / "pages/a.html").write_text("a")
    assert fingerprint.Code().digests(stage, {}) == before


def test_the_memory_says_what_parsing_says(tmp_path: Path) -> None:
    memory = tmp_path / "modules.json"
    first = fingerprint.Code(memory)
    parsed = first.digests(STAGES["solve_feeder"], {})
    first.save()
    fingerprint.parsed.cache_clear()
    fingerprint._remembered.cache_clear()
    fingerprint._CLOSURES.clear()
    again = fingerprint.Code(memory)
    assert again.digests(STAGES["solve_feeder"], {}) == parsed
    memory.unlink()
    assert fingerprint.Code(memory).digests(STAGES["solve_feeder"], {}) == parsed, "a process reads the file once"
    assert fingerprint.parsed.cache_info().misses == 0


OLD_NS = 1_600_000_000_000_000_000


def _settle(folder: Path) -> None:
    """Let all that lies there be older than what may still change unseen."""
    for path in (folder, *folder.rglob("*")):
        os.utime(path, ns=(OLD_NS, OLD_NS))


CHANGES: dict[str, Callable[[Path], object]] = {
    "nothing": lambda at: None,
    "a module edited": lambda at: (at / "near.py").write_text("from . import far\nX = 1\n"),
    "a module edited, its time put back": lambda at: [(at / "far.py").write_text("NUMBER = 2\n"), _settle(at)],
    "a package beside its module": lambda at: [(at / "far").mkdir(), (at / "far/__init__.py").write_text("A = 1\n")],
    "a name that is now a module": lambda at: [(at / "near").mkdir(), (at / "near/__init__.py").write_text(
        "from . import far"), (at / "near/far.py").write_text("NUMBER = 7\n")],
    "a module gone": lambda at: (at / "far.py").unlink(),
    "a file beside the code edited": lambda at: (at / "notes/a.txt").write_text("c"),
    "a file beside the code more": lambda at: (at / "notes/b.txt").write_text("b"),
    "a file in a new folder": lambda at: [(at / "notes/in").mkdir(), (at / "notes/in/b.txt").write_text("b")],
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_found_before_holds_while_nothing_changed(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = f"kept_{''.join(c if c.isalnum() else '_' for c in tmp_path.name)}"
    at = tmp_path / top
    (at / "notes").mkdir(parents=True)
    for name in ("__init__", "stage", "near", "far", "types"):
        (at / f"{name}.py").write_text(FILES[name].format(top=top) if name == "stage" else FILES[name])
    (at / "notes/a.txt").write_text("a")
    _settle(at)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(fingerprint, "ROOT", tmp_path)
    monkeypatch.setattr(sight, "RACY_NS", 0)  # ctime cannot be put back
    stage = Stage("ask", f"{top}.stage:ask", "study", {}, {}, data=(f"{top}/notes/**/*",))
    memory = tmp_path / "modules.json"
    before = fingerprint.Code(memory).digests(stage, ())
    assert fingerprint.Code().digests(stage, ()) == before, "what is not remembered is the same"
    CHANGES[change](at)
    with monkeypatch.context() as patch:
        if change == "nothing":
            patch.setattr(fingerprint.Code, "_walk", lambda *a: pytest.fail("it was walked again"))
        after = fingerprint.Code(memory).digests(stage, ())
    assert after == fingerprint.Code().digests(stage, ()), "as if nothing were remembered"
    assert (after == before) == (change == "nothing")


def test_young_files_are_walked_again(package: Callable[..., dict[str, str]], tmp_path: Path) -> None:
    package()
    stage = Stage("ask", f"{next(tmp_path.glob('package_*')).name}.stage:ask", "study", {}, {})
    fingerprint.Code(tmp_path / "modules.json").digests(stage, ())
    assert not [key for key in fingerprint._CLOSURES if key[0] == tmp_path / "modules.json"]


def test_digests_go_through_the_command_line() -> None:
    digests = {"": "abc", "growth": "def", "ev": "123"}
    assert fingerprint.unpack(fingerprint.pack(digests)) == digests
    assert fingerprint.chosen(digests, {"layers": [{"kind": "ev"}]}) == {"": "abc", "ev": "123"}


def test_every_library_of_the_stages_has_a_version() -> None:
    """A module whose distribution has another name must stand in DISTRIBUTIONS, or its version would not count."""
    foreign: set[str] = set()
    for path in (ROOT / "dtl").rglob("*.py"):
        _, names = fingerprint.parsed("dtl", path.read_bytes())
        foreign |= {n.split(".")[0] for n in names} - {"", "dtl", *sys.stdlib_module_names}
    lines = fingerprint.versions(foreign)
    assert len(lines) > 8
    lacking = {line for line in lines if line.endswith(" none")}
    assert lacking <= {f"{newton.PACKAGE} none"}, "the only one that a study need not have"


def test_digesting_imports_none_of_the_code() -> None:
    code = (
        "import sys\nfrom dtl.workflow import fingerprint\nfrom dtl.workflow.stages import STAGES\n"
        "code = fingerprint.Code()\nfor s in STAGES.values(): code.digests(s, {})\n"
        "print(*sorted(m for m in sys.modules if m.startswith('dtl.') or m in ('numpy', 'pyarrow', 'pydantic')))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert set(loaded) <= {"dtl.errors", "dtl.layout", "dtl.workflow", "dtl.workflow.digests", "dtl.workflow.disk",
                           "dtl.workflow.fingerprint", "dtl.workflow.sight", "dtl.workflow.stage",
                           "dtl.workflow.stages"}  # fmt: skip


def test_every_registry_is_declared_by_its_stage() -> None:
    """What is called by a string is seen by no import: a registry that no stage names would hide its code."""
    declared = {s.registry for s in STAGES.values() if s.registry}
    found = set()
    for path in (ROOT / "dtl").rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            targets = getattr(node, "targets", [getattr(node, "target", None)])
            value = getattr(node, "value", None)
            texts = [getattr(v, "value", None) for v in value.values] if isinstance(value, ast.Dict) else []
            if texts and all(isinstance(t, str) and fingerprint.REFERENCE.fullmatch(t) for t in texts):
                module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                found |= {f"{module}:{t.id}" for t in targets if isinstance(t, ast.Name)}
    assert found == {reference for reference in declared if fingerprint.registry(reference)}
