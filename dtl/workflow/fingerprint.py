"""The digest of the code that decides the answer of a stage.

It covers the import closure of the stage's function inside its package, as syntax trees without docstrings, comments
and type-checking imports; the versions of the third-party distributions that the closure imports; and the bytes of the
files the stage declares. Registries (maps of strings ``module:function``) are left out: each entry is digested by
itself, and counts where its kind is used.
``dtl.spec`` counts only where a stage imports it, since its meaning is already in the slice.

What it cannot see must be declared in the stage: imports by computed names (the registry), files read beside the code
(``data``), programs that are started (``distributions``).
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import Any

from dtl.errors import StoreError
from dtl.workflow import digests, disk
from dtl.workflow.sight import Sight, State
from dtl.workflow.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
"""The project's root: where ``data`` globs start."""

DISTRIBUTIONS: Mapping[str, tuple[str, ...]] = {
    "opendssdirect": ("opendssdirect.py", "dss-python", "dss_python_backend"),
    "dss": ("dss-python", "dss_python_backend"),
    "yaml": ("pyyaml",),
    "PIL": ("pillow",),
    "sklearn": ("scikit-learn",),
    "material": ("mkdocs-material",),
    "xgboost": ("xgboost-cpu",),
}
"""Distributions of modules whose names differ; the engine's own version is that of ``dss_python_backend``."""

REFERENCE = re.compile(r"[a-z_]\w*(\.\w+)+:\w+")
"""The text of a registry's entry."""

LENGTH = 20
"""Hex digits of a code digest: it stands on command lines."""

Module = tuple[str, tuple[str, ...]]
"""Digest of the meaning of a module, and the dotted names that it imports."""


@dataclass(frozen=True)
class Closure:
    """What a function of a stage is made of, and the states of all files and folders that say so."""

    modules: Mapping[str, str]
    foreign: frozenset[str]
    data: tuple[tuple[str, str], ...]
    states: Mapping[str, State] = field(default_factory=dict)


_CLOSURES: dict[tuple[object, ...], Closure] = {}
"""What a process and those forked from it found, by memory, what the stage declares, and function."""


class Code:
    """The code as it is on disk now; every file is read once in the life of the object.

    ``memory`` is a file that remembers what texts mean by their SHA-256, so that only new texts are parsed. With it,
    what this process found before is taken over where every file and folder looked at then is in the same state.
    """

    def __init__(self, memory: Path | None = None) -> None:
        self._modules: dict[str, Module | None] = {}
        self._closures: dict[tuple[str, str], str] = {}
        self._registries: dict[str, dict[str, str]] = {}
        self._places: dict[str, set[str]] = {}
        self._sight = Sight()
        self._memory = memory
        self._known = _remembered(memory) if memory else {}
        self._fresh = False

    def digests(self, stage: Stage, spec: object) -> dict[str, str]:
        """Digest of the stage (key "") and of each registry entry whose kind the slice uses (key: the kind)."""
        found = {"": self._closure(stage, stage.function)}
        if stage.registry:
            if stage.registry not in self._registries:
                self._registries[stage.registry] = registry(stage.registry)
            entries = self._registries[stage.registry]
            for kind in sorted(kinds(spec) & set(entries)):
                found[kind] = self._closure(stage, entries[kind])
        return found

    def _closure(self, stage: Stage, function: str) -> str:
        if (stage.name, function) not in self._closures:
            self._closures[stage.name, function] = self._digest(stage, function)
        return self._closures[stage.name, function]

    def _digest(self, stage: Stage, function: str) -> str:
        key = (
            self._memory,
            _package(function.split(".")[0]),
            stage.data,
            stage.distributions,
            function,
            stage.function,
        )
        found = _CLOSURES.get(key) if self._memory else None
        if found is None or not self._sight.still(found.states):
            found, looked = self._walk(stage, function)
            states = self._sight.settled(looked)
            if states is not None:
                _CLOSURES[key] = replace(found, states=states)
        hasher = hashlib.sha256(f"{function}\n".encode())
        for name, digest in sorted(found.modules.items()):
            hasher.update(f"{name} {digest}\n".encode())
        for line in versions(found.foreign):
            hasher.update(f"{line}\n".encode())
        for name, digest in found.data:
            hasher.update(f"{name} {digest}\n".encode())
        return hasher.hexdigest()[:LENGTH]

    def _walk(self, stage: Stage, function: str) -> tuple[Closure, set[str]]:
        """What a function is made of, from import to import, and every file and folder that says so."""
        module = function.split(":")[0]
        if self._module(module) is None:
            raise StoreError(f"stage {stage.name}: there is no module {module} for its function {function}")
        tops = {"dtl", module.split(".")[0]}
        todo, seen, modules, foreign, looked = [module], set(), {}, set(stage.distributions), set()
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            if name.split(".")[0] not in tops:
                foreign.add(name.split(".")[0])
                continue
            found = self._module(name)
            looked |= self._places[name]
            if found is None:
                continue
            modules[name] = found[0]
            todo += [*found[1], *([name.rpartition(".")[0]] if "." in name else [])]
        globs = stage.data if function == stage.function else ()
        for path in (places := beside(globs)):
            self._sight.look(path)
        return Closure(modules, frozenset(foreign), tuple(data(globs))), looked | places

    def _module(self, name: str) -> Module | None:
        if name not in self._modules:
            for place in (places := folders(name)):
                self._sight.look(place)
            path = locate(name)
            if path is not None:
                self._sight.look(str(path))
                places.add(str(path))
            self._places[name] = places
            self._modules[name] = None if path is None else self._meaning(name, path)
        return self._modules[name]

    def _meaning(self, name: str, path: Path) -> Module:
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        text = path.read_bytes()
        what = hashlib.sha256(f"{sys.version_info[:2]} {package}\n".encode() + text).hexdigest()
        if what not in self._known:
            self._known[what] = parsed(package, text)
            self._fresh = True
        meaning, imports = self._known[what]
        return meaning, tuple(imports)

    def save(self) -> None:
        """Write the memory, if there is anything new."""
        if self._memory and self._fresh:
            with disk.spared():
                digests.write_atomically(self._memory, digests.canonical(self._known))
            self._fresh = False


@cache
def _remembered(memory: Path) -> dict[str, Any]:
    """What the file says, read once in a process and by those forked from it; a text means the same for ever."""
    return dict(digests.read_json(memory) or {})


def pack(digests: Mapping[str, str]) -> str:
    """The digests of a stage's code as one word of a command line: ``digest[,kind=digest...]``."""
    return ",".join([digests[""], *(f"{k}={v}" for k, v in sorted(digests.items()) if k)])


def unpack(word: str) -> dict[str, str]:
    """The digests of a word made by :func:`pack`."""
    first, *rest = word.split(",")
    return {"": first} | dict(part.split("=", 1) for part in rest)


def chosen(digests: Mapping[str, str], spec: object) -> dict[str, str]:
    """Those of the digests that count for a slice: the stage's own and those of the kinds that it uses."""
    if len(digests) == 1:
        return dict(digests)
    used = kinds(spec)
    return {k: v for k, v in digests.items() if not k or k in used}


def kinds(spec: object) -> set[str]:
    """The kinds a slice uses: every value of a key ``kind``, and every key below ``analyses``."""
    found: set[str] = set()
    if isinstance(spec, Mapping):
        if isinstance(spec.get("kind"), str):
            found.add(spec["kind"])
        if isinstance(spec.get("analyses"), Mapping):
            found |= set(spec["analyses"])
        spec = list(spec.values())
    if isinstance(spec, list | tuple):
        for value in spec:
            found |= kinds(value)
    return found


def registry(reference: str) -> dict[str, str]:
    """The entries of a registry ``module:NAME``, read from its source text, so that nothing is imported."""
    module, name = reference.split(":")
    path = locate(module)
    if path is None:
        raise StoreError(f"there is no module {module} for the registry {reference}")
    entries = _entries(path.read_bytes(), name)
    if entries is None:
        raise StoreError(f"{path}: {name} is no literal dict of strings")
    return dict(entries)


@cache
def _entries(text: bytes, name: str) -> Mapping[str, str] | None:
    for node in ast.parse(text).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if value is not None and any(isinstance(t, ast.Name) and t.id == name for t in targets):
            return dict(ast.literal_eval(value))
    return None


@cache
def _package(top: str) -> Path | None:
    if top == "dtl":
        return Path(__file__).resolve().parents[1]
    spec = util.find_spec(top)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent if spec.submodule_search_locations else Path(spec.origin)


def locate(name: str) -> Path | None:
    """The source file of a module; None if the name is no module (but, say, a function in one)."""
    top, *rest = name.split(".")
    base = _package(top)
    if base is None:
        return None
    if base.suffix == ".py":
        return None if rest else base
    path = "/".join([str(base), *rest])
    for file in (f"{path}/__init__.py", f"{path}.py")[: 2 if rest else 1]:
        if os.path.isfile(file):  # noqa: PTH113 - of hundreds of names twice a job; pathlib is slow
            return Path(file)
    return None


def folders(name: str) -> set[str]:
    """The folders in which a name must come or go before it is another module."""
    top, *rest = name.split(".")
    base = _package(top)
    if base is None or base.suffix == ".py" or not rest:
        return set()
    inner = os.path.join(base, *rest)  # noqa: PTH118 - as in :func:`locate`
    found = {inner} if os.path.isdir(inner) else set()  # noqa: PTH112
    outer = os.path.dirname(inner)  # noqa: PTH120
    while not os.path.isdir(outer):  # noqa: PTH112
        outer = os.path.dirname(outer)  # noqa: PTH120
    return {*found, outer}


@cache
def parsed(package: str, text: bytes) -> Module:
    """Digest of the meaning of a source text of a package, and the dotted names that it imports."""
    said: list[str] = []
    names: set[str] = set()
    _read(ast.parse(text), package, said, names)
    return hashlib.sha256("\n".join(said).encode()).hexdigest(), tuple(sorted(names))


def _read(node: ast.AST, package: str, said: list[str], names: set[str]) -> None:
    """What a node says, a line per class, length of a list and constant in the order of the fields; what it imports.

    It is `ast.dump` and `ast.walk` in one pass: a fresh store reads hundreds of modules before anything can begin.
    """
    said.append(type(node).__name__)
    if isinstance(node, ast.Import | ast.ImportFrom):
        names.update(_imports(node, package))
    for name in node._fields:
        value = getattr(node, name)
        if isinstance(value, ast.AST):
            if name != "ctx":
                _read(value, package, said, names)
        elif isinstance(value, list):
            kept = [s for s in value if not _meaningless(s)] if name == "body" else value
            said.append(f"[{len(kept)}")
            for each in kept:
                if isinstance(each, ast.AST):
                    _read(each, package, said, names)
                else:
                    said.append(repr(each))
        else:
            said.append(repr(value))


def _meaningless(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
        values = [v.value if isinstance(v, ast.Constant) else None for v in node.value.values]
        return bool(values) and all(isinstance(v, str) and REFERENCE.fullmatch(v) for v in values)
    if isinstance(node, ast.If) and not node.orelse:
        test = node.test
        return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
            isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
        )
    return False


def _imports(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (a.name for a in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parents = package.split(".")
            base = ".".join([*parents[: len(parents) - node.level + 1], *([base] if base else [])])
        yield base
        yield from (f"{base}.{a.name}" for a in node.names)


@cache
def version(distribution: str) -> str:
    """The installed version of a distribution; ``none`` if it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "none"


def versions(modules: Iterable[str]) -> list[str]:
    """One line per distribution behind the given top-level modules, and one for Python with its standard library."""
    foreign = {m for m in modules if m and m not in sys.stdlib_module_names}
    names = {d for m in foreign for d in DISTRIBUTIONS.get(m, (m.replace("_", "-"),))}
    return [f"python {sys.version_info.major}.{sys.version_info.minor}", *(f"{d} {version(d)}" for d in sorted(names))]


def beside(globs: Iterable[str]) -> set[str]:
    """The files that the globs name, and the folders in which others might come: all below the part that is no glob."""
    found = {str(path) for path in _named(globs).values()}
    for glob in globs:
        outer = ROOT / glob.partition("*")[0].rpartition("/")[0]
        found |= {at for at, _, _ in os.walk(outer)} or {str(outer)}
    return found


def data(globs: Iterable[str]) -> list[tuple[str, str]]:
    """Relative name and digest of every file that the globs name, below the project's root."""
    return [(name, hashlib.sha256(path.read_bytes()).hexdigest()) for name, path in sorted(_named(globs).items())]


def _named(globs: Iterable[str]) -> dict[str, Path]:
    paths = (path for glob in globs for path in ROOT.glob(glob))
    return {p.relative_to(ROOT).as_posix(): p for p in paths if p.is_file() and "__pycache__" not in p.parts}
