"""Disks, processes, clocks and machines that misbehave: nothing is lost, nothing is stale, and the error is clear."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tinystudy import ROOT, Tiny
from toyworld import World, entered, forget

from dtl.errors import StoreError
from dtl.workflow import digests, disk
from dtl.workflow.store import Store

SEED = 20_26


def in_child(do: Callable[[], object]) -> str:
    """What a child process, forked from this one, said: of an error its text, else nothing."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        said = ""
        try:
            with disk.explained("the run"):
                do()
        except (StoreError, OSError, AssertionError) as err:
            said = f"{type(err).__name__}: {err}"
        os.write(theirs, said.encode()[:60_000])
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, encoding="utf-8") as line:
        said = line.read()
    assert os.waitpid(pid, 0)[1] == 0
    return said


def test_a_full_disk_is_told_and_loses_nothing(world: World) -> None:
    """No file may grow beyond a few bytes: as a full disk stops a write, in the middle."""
    wanted = world.bytes()
    shelves = world.store.known()
    world.say("per_year: 0.02", "per_year: 0.03")

    def full(limit: int) -> Callable[[], object]:
        def do() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            world.run()

        return do

    for limit in (10, 700, 3000):
        said = in_child(full(limit))
        assert said.startswith("StoreError: the run: a file would be larger than is allowed here"), said
        assert "make room and run again" in said
        assert world.store.verify() == [], "what is on a shelf is whole"
        assert set(shelves) <= set(world.store.known()), "no answer was given up"
    world.store.sweep()
    world.run()
    world.say("per_year: 0.03", "per_year: 0.02")
    assert world.run()["computed"] == [] and world.bytes() == wanted


def test_a_full_disk_while_fetching_is_no_fault_of_the_shelf(world: World, tmp_path: Path) -> None:
    key = min(world.plan().keys["solve_feeder", "a"].values())
    target = tmp_path / "target"
    target.mkdir()

    def do() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
        world.store.fetch(key, target)

    assert "larger than is allowed" in in_child(do)
    assert world.store.answer(key) is not None and world.store.verify() == []


def locked(do: Callable[[], object]) -> Callable[[], object]:
    """The same, by a user who may write in the results but not in the store."""

    def other() -> None:
        if os.geteuid() == 0:
            os.seteuid(65_534)
        do()

    return other


@pytest.fixture
def read_only(base: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world whose store may be read only; where we are root, by a user who is not, and who can reach it."""

    def reads() -> None:
        assert sorted(ROOT.iterdir()) and (ROOT / "dtl/__init__.py").read_bytes()

    if in_child(locked(reads)):
        pytest.skip("another user cannot read this checkout")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "world"
        shutil.copytree(base, folder, copy_function=shutil.copy2)
        Path(scratch).chmod(0o755)
        store = folder / ".dtl-store"
        if os.geteuid() == 0:
            for path in [folder, folder / "results", *(folder / "results").rglob("*")]:
                os.chown(path, 65_534, 65_534)
        for path in [*store.rglob("*"), store]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        with entered(monkeypatch, folder) as world:
            yield world
        for path in [store, *store.rglob("*")]:
            path.chmod(0o755)
        monkeypatch.chdir("/")


def test_a_store_that_may_only_be_read(read_only: World) -> None:
    world = read_only
    wanted = world.bytes()
    shutil.rmtree(world.folder / "results/toy/f")

    def fetch() -> None:
        assert world.plan().empty
        assert world.run()["computed"] == []

    assert in_child(locked(fetch)) == "", "what is known is fetched"
    assert world.bytes() == wanted
    world.say("per_year: 0.02", "per_year: 0.03")
    said = in_child(locked(world.run))
    assert said.startswith("StoreError: the run: permission is denied (") and ".dtl-store/scratch" in said
    assert "set DTL_STORE" in said


def test_a_store_full_of_rotten_shelves(world: World) -> None:
    """A third of all shelves cut, changed or emptied: each is computed again, and no rotten byte is published."""
    wanted, chance = world.bytes(), random.Random(SEED)
    keys = world.store.known()
    rotten = chance.sample(keys, len(keys) // 3)
    for key in rotten:
        files = sorted(p for p in world.store.shelf(key).rglob("*") if p.is_file())
        path = chance.choice(files)
        data = path.read_bytes()
        chance.choice([
            lambda p, d: p.write_bytes(d[: len(d) // 2]),
            lambda p, d: p.write_bytes(bytes(b ^ 1 for b in d) or b"x"),
            lambda p, d: p.unlink(),
        ])(path, data)  # fmt: skip
    world.clean()
    done = world.run()
    assert world.bytes() == wanted
    assert 0 < len(done["computed"]) <= len(rotten)
    assert world.store.verify() == [] and world.plan().empty


def test_two_clones_share_a_store_at_once(world: World, tmp_path: Path) -> None:
    """Both ask everything anew; who comes second takes or leaves what the first has shelved."""
    world.say("per_year: 0.02", "per_year: 0.04")
    shared = world.store.root
    folders = []
    for name in ("one", "two"):
        folders.append(tmp_path / name)
        shutil.copytree(world.folder / "studies", tmp_path / name / "studies")

    def ask(folder: Path) -> None:
        os.chdir(folder)
        clone = World(folder, world.code)
        clone.store = Store(shared)
        clone.run()

    context = multiprocessing.get_context("fork")
    for _ in range(2):
        both = [context.Process(target=ask, args=(f,)) for f in folders]
        for process in both:
            process.start()
        for process in both:
            process.join()
        assert [p.exitcode for p in both] == [0, 0]
        assert World(folders[0], world.code).bytes() == World(folders[1], world.code).bytes()
        assert Store(shared).verify() == []
        for folder in folders:
            shutil.rmtree(folder / "results")
        shutil.rmtree(shared)


def test_clocks_that_jump_hide_no_edit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock runs ahead, back and stands; files of the same size keep their times through every edit."""
    year = 365 * 86_400 * 10**9
    real = time.time_ns
    seen = set()
    for i, shift in enumerate((10 * year, -10 * year, year)):
        monkeypatch.setattr(digests.time, "time_ns", lambda shift=shift: real() + shift)
        time.sleep(0.02)  # the file system's own clock ticks in steps of some milliseconds
        path = world.raw("data/a/master.dss", f"kw 1{i}0\n")
        os.utime(path, ns=(10**18, 10**18))
        found = world.plan()
        assert ("read_source", "dss") in {(x.stage, x.of) for x in found.compute}, f"edit {i} was missed"
        world.run()
        seen.add(world.bytes()["cube.parquet"])
        assert world.plan().empty
    assert len(seen) == 3
    for path in (world.folder / "results").rglob("*"):
        os.utime(path, ns=(real() + 30 * year, real() + 30 * year))
    before = world.bytes()
    assert world.run()["computed"] == [] and world.bytes() == before


ELSEWHERE = {
    "plain C": {"TZ": "America/St_Johns", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "turkish": {"TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "LANGUAGE": "tr", "PYTHONHASHSEED": "7"},
}
ASK = """
import os, sys
os.umask(0o077)
sys.path[:0] = [{tests!r}]
from gitrepo import Repo
repo = Repo.__new__(Repo)
from pathlib import Path
repo.folder = Path.cwd()
print(repo.ask())
"""


@pytest.fixture(scope="module")
def at_home(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return asked_in(tmp_path_factory.mktemp("home"), {})


def asked_in(folder: Path, environment: dict[str, str]) -> Tiny:
    """The study of two feeders, with words that are not ASCII, asked in an environment."""
    tiny = Tiny(folder)
    tiny.say("title: Two tiny feeders", "title: Zwei kleine Stränge – İstanbul")
    tiny.say("title: More", "title: Größer")
    program = ASK.format(tests=str(ROOT / "tests/workflow"))
    env = {**tiny.environment(), **environment}
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return tiny


@pytest.mark.parametrize("where", ELSEWHERE)
def test_the_same_bytes_everywhere(at_home: Tiny, tmp_path: Path, where: str) -> None:
    there = asked_in(tmp_path, ELSEWHERE[where])
    assert there.bytes() == at_home.bytes()
    keys = [sorted(p.name for p in (t.folder / ".dtl-store/shelves").glob("??/*")) for t in (at_home, there)]
    assert keys[0] == keys[1], "the same questions, too"


def test_errors_of_the_disk_are_told_once() -> None:
    full = r"writing: the disk is full \(here\); what was finished before is kept"
    with pytest.raises(StoreError, match=full), disk.explained("writing"):
        raise OSError(28, "No space left on device", "here")
    with pytest.raises(FileNotFoundError), disk.explained("reading"):
        raise FileNotFoundError(2, "No such file", "there")
    with pytest.raises(FileNotFoundError), disk.spared():
        raise FileNotFoundError(2, "No such file", "there")


def until_killed(folder: Path, code: Path) -> None:
    os.chdir(folder)
    World(folder, code).run()


@pytest.mark.slow
def test_twenty_random_kills(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed at random moments of a run and taken up: the bytes are those of an undisturbed run."""
    with entered(monkeypatch, base) as undisturbed:
        wanted = undisturbed.bytes()
    folder, chance = tmp_path / "killed", random.Random(SEED)
    for name in ("studies", "code"):
        shutil.copytree(base / name, folder / name)
    context = multiprocessing.get_context("fork")
    with entered(monkeypatch, folder) as world:
        begun = time.monotonic()
        world.run()
        whole = time.monotonic() - begun
        hits = 0
        while hits < 20:
            if hits % 4 == 0:
                world.clean()
                shutil.rmtree(world.store.root)
            process = context.Process(target=until_killed, args=(folder, world.code))
            process.start()
            time.sleep(chance.uniform(0.02, 0.5) * whole)
            if not process.is_alive():
                world.clean()
                shutil.rmtree(world.store.root)
                continue
            os.kill(process.pid or 0, signal.SIGKILL)
            process.join()
            hits += 1
            world.store.sweep()
            assert world.store.verify() == [], f"kill {hits} left half a shelf"
        world.run()
        assert world.bytes() == wanted and world.plan().empty
        assert list((world.store.root / "scratch").iterdir()) == []


def edits(chance: random.Random) -> Callable[[World], object]:
    """A random edit: of a word, a raw file, the code, or nothing that matters."""
    value = chance.randrange(1, 400)

    def replaced(world: World, key: str, to: str) -> None:
        lines = world.study.read_text().splitlines(keepends=True)
        world.study.write_text("".join(to + "\n" if line.startswith(key) else line for line in lines))

    def coded(world: World, module: str, key: str, to: str) -> None:
        path = world.code / "toy" / f"{module}.py"
        lines = path.read_text().splitlines(keepends=True)
        assert any(line.startswith(key) for line in lines)
        path.write_text("".join(to + "\n" if line.startswith(key) else line for line in lines))
        forget()

    feeder = chance.choice("ab")
    return chance.choice([
        lambda w: replaced(w, "  more:", f"  more: {{kind: growth, per_year: {value / 1000}}}"),
        lambda w: replaced(w, "  growth:", f"  growth: {{title: No {value}, stack: [{chance.choice(['', 'more'])}]}}"),
        lambda w: replaced(w, "title:", f"title: A toy {value}"),
        lambda w: replaced(w, "years:", f"years: {{measured: 2025, planned: [2026, {2027 + value % 9}]}}"),
        lambda w: replaced(w, "feeders:", f"feeders: [{chance.choice(['a, b', 'a', 'b', 'b, a'])}]"),
        lambda w: replaced(w, "powerflow:", f"powerflow: {{hours: [0, 1, {2 + value % 5}]}}"),
        lambda w: replaced(w, "network:", f"network: {{model: {chance.choice(['dss', 'other'])}}}"),
        lambda w: w.raw(f"data/{feeder}/master.dss", f"kw {100 + value % 7}\n"),
        lambda w: w.raw(f"data/{feeder}/master.dss", f"kw 104 # remark {value}\n"),
        lambda w: w.raw("overrides/classes.csv", f"load,class\nx,c{value % 5}\n"),
        lambda w: coded(w, "numbers", "FACTOR =", f"FACTOR = {value % 4}.0"),
        lambda w: w.study.write_text(w.study.read_text() + f"# {value}\n"),
        lambda w: w.store.discard(chance.choice(w.store.known())),
        lambda w: shutil.rmtree(w.folder / "results/toy/f") if (w.folder / "results/toy/f").is_dir() else None,
    ])  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_fifty_edits_in_a_row(world: World, another: Callable[..., World], seed: int) -> None:
    """After each of fifty random edits the three sets hold; in the end nothing is stale."""
    chance = random.Random(SEED + seed)
    exact = 0
    for number in range(50):
        edits(chance)(world)
        found = world.plan()
        sets = [{(x.stage, x.of, x.case) for x in lines} for lines in (found.compute, found.may_change, found.reuse)]
        compute, may, reuse = sets
        done = world.run()
        executed = set(done["computed"])
        assert compute <= executed, f"edit {number}"
        assert all(x in compute or x in may or (x[0], "*", x[2]) in may for x in executed), f"edit {number}"
        assert not executed & reuse
        assert may or compute == executed
        exact += not may
        assert world.plan().empty
    assert exact > 10
    kept = world.bytes()
    clone = another(world, store=False)
    clone.run()
    fresh = clone.bytes()
    assert {n: kept[n] for n in fresh} == fresh
    left = {n.split("/")[0] for n in set(kept) - set(fresh)}
    assert left <= {"f", "system"}, "groups and sources that are asked no more, which nothing reads"


@pytest.mark.slow
@pytest.mark.workflow
def test_ten_thousand_raw_files(tmp_path: Path) -> None:
    """Through the whole of Snakemake: one source of 10,000 files; the command lines hold them, an edit is found."""
    tiny = Tiny(tmp_path)
    master = tiny.study.parent / "data/a/master.dss"
    folder = master.parent / "parts"
    folder.mkdir()
    for i in range(10_000):
        (folder / f"part-with-a-rather-long-name-{i:05}.dss").write_text(f"! nothing {i}\n")
    begun = time.monotonic()
    tiny.dtl("run", "tiny")
    first = time.monotonic() - begun
    assert "nothing to do" in tiny.dtl("run", "tiny")
    master.write_text(master.read_text().replace("kw=900", "kw=950"))
    tiny.dtl("run", "tiny")
    assert tiny.answers()["solve_feeder"] == 4
    assert first < 300
