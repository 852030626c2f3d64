"""The store: atomic, checked when fetched, shared by several writers, small when told so."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from dtl.errors import StoreError
from dtl.processes import alive, host, identity
from dtl.workflow.keeping import share_of, size_of
from dtl.workflow.store import Answer, Question, Store


def question(n: int = 0, **inputs: str) -> Question:
    return Question("solve", {"n": n}, {"": "code"}, inputs)


def put(store: Store, asked: Question, text: str = "answer", size: int = 1) -> Answer:
    with store.scratch("test") as scratch:
        out = scratch / "out"
        (out / "folder/deep").mkdir(parents=True)
        (out / "file.txt").write_text(text * size)
        (out / "folder/deep/file.txt").write_text(text)
        return store.put(asked, out, 1.5)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_an_answer_comes_back_as_it_was_put(store: Store, tmp_path: Path) -> None:
    answer = put(store, question())
    (tmp_path / "out").mkdir()
    assert store.fetch(question().key, tmp_path / "out") == answer == store.answer(answer.key)
    assert (tmp_path / "out/folder/deep/file.txt").read_text() == "answer"
    assert answer.seconds == 1.5
    assert store.fetch(question(1).key, tmp_path / "out") is None


def test_everything_that_decides_is_in_the_key() -> None:
    base = Question("solve", {"a": 1}, {"": "c"}, {"x": "d"})
    others = [
        Question("assess", {"a": 1}, {"": "c"}, {"x": "d"}),
        Question("solve", {"a": 2}, {"": "c"}, {"x": "d"}),
        Question("solve", {"a": 1}, {"": "c", "growth": "g"}, {"x": "d"}),
        Question("solve", {"a": 1}, {"": "c"}, {"y": "d"}),
    ]
    assert len({base.key, *(o.key for o in others)}) == 5
    assert Question("solve", {"a": 1}, {"": "c"}, {"x": "e"}).recipe == base.recipe
    assert len({base.recipe, *(o.recipe for o in others)}) == 4


@pytest.mark.parametrize("damage", ["changed", "cut", "gone", "folder", "added", "description"])
def test_a_damaged_shelf_is_thrown_away(store: Store, tmp_path: Path, damage: str) -> None:
    shelf = store.shelf(put(store, question()).key)
    match damage:
        case "changed":
            (shelf / "file.txt").write_text("Answer")
        case "cut":
            (shelf / "file.txt").write_text("")
        case "gone":
            (shelf / "file.txt").unlink()
        case "folder":
            (shelf / "folder/deep/file.txt").write_text("other")
        case "added":
            (shelf / "folder/more.txt").write_text("")
        case "description":
            (shelf / "answer.json").write_text("{")
    (tmp_path / "out").mkdir()
    assert store.verify() == [question().key]
    assert store.fetch(question().key, tmp_path / "out") is None
    assert list((tmp_path / "out").iterdir()) == []
    put(store, question())
    assert store.verify() == []
    assert store.fetch(question().key, tmp_path / "out")


def test_what_was_asked_is_known_whatever_the_inputs(store: Store) -> None:
    one, two = put(store, question(x="1")), put(store, question(x="2"))
    put(store, question(1, x="1"))
    assert {a.key for a in store.asked(question())} == {one.key, two.key}
    store.discard(one.key)
    assert store.asked(question()) == [two]


def test_prune_keeps_what_was_used_last(store: Store, tmp_path: Path) -> None:
    keys = [put(store, question(n), size=1000).key for n in range(4)]
    for age, key in enumerate(keys):
        os.utime(store.shelf(key) / "answer.json", ns=(10**18 - age, 10**18 - age))
    (tmp_path / "out").mkdir()
    assert store.fetch(keys[3], tmp_path / "out")
    assert set(store.prune(13_000)) == {keys[1], keys[2]}
    assert store.known() == sorted([keys[0], keys[3]])
    assert store.size()["solve"][0] == 2
    assert len(list(store.root.glob("recipes/??/*/*"))) == 2
    assert len(store.prune(0)) == 2
    assert store.size() == {}


def test_sizes_and_shares_are_read_or_refused() -> None:
    assert (size_of("5GB"), size_of("1.5 MB"), size_of("10k"), size_of("7")) == (5 * 10**9, 1_500_000, 10_000, 7)
    assert share_of("1%") == 0.01
    for wrong in ("much", "-1", "5XB"):
        with pytest.raises(StoreError):
            size_of(wrong)
    with pytest.raises(StoreError):
        share_of("0.01")


def _write_all(root: Path, start: float) -> None:
    store = Store(root)
    while time.time() < start:
        pass
    for n in range(30):
        put(store, question(n), size=2000)


def test_two_writers_of_the_same_answers(store: Store) -> None:
    start = time.time() + 0.3
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write_all, args=(store.root, start)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [w.exitcode for w in writers] == [0, 0, 0]
    assert store.known() == sorted(question(n).key for n in range(30))
    assert store.verify() == []
    assert list((store.root / "scratch").iterdir()) == []


def test_a_writer_killed_anywhere_leaves_nothing_half(store: Store) -> None:
    """Whatever is on a shelf is whole, scratch is swept, and another writer finishes the work."""
    context = multiprocessing.get_context("fork")
    for n in range(8):
        writer = context.Process(target=_write_all, args=(store.root, 0))
        writer.start()
        time.sleep(0.004 * n)
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        assert store.verify() == []
    store.sweep()
    assert list((store.root / "scratch").iterdir()) == []
    _write_all(store.root, 0)
    assert store.known() == sorted(question(n).key for n in range(30))


def test_scratch_of_the_living_is_left_alone(store: Store) -> None:
    with store.scratch("mine") as scratch:
        (store.root / "scratch" / f"999999999-1-{host()}-solve-x").mkdir()
        assert store.sweep() == 1
        assert scratch.is_dir()


def test_scratch_of_another_machine_is_left_alone_for_a_week(store: Store) -> None:
    """Of its processes nobody here can say whether they live: a pid that is free here may be at work there."""
    there = store.root / "scratch" / "999999999-1-another.node-solve-x"
    there.mkdir(parents=True)
    assert store.sweep() == 0 and there.is_dir()
    week = time.time() - 8 * 86400
    os.utime(there, (week, week))
    assert store.sweep() == 1 and not there.exists()


def test_a_process_is_known_by_pid_and_start() -> None:
    assert alive(identity(os.getpid()))
    assert not alive(f"{os.getpid()}-1")
    assert not alive("") and not alive("999999999-1") and not alive(f"{os.getpid()}-")
