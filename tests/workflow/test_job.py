"""One job: contracts, failing physics, cases, publishing, and the guard against code that changes meanwhile."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from toyworld import TOYS, World

from dtl import tables
from dtl.errors import ContractError, SolveError, StoreError
from dtl.workflow import cases, digests, job
from dtl.workflow.store import Store


def solve(world: World, group: str = "a") -> job.Job:
    return world.slices().job("solve_feeder", group)


def test_a_fresh_clone_with_the_store_computes_nothing(world: World, another) -> None:
    wanted = world.bytes()
    clone = another(world)
    assert clone.plan().empty
    assert clone.run()["computed"] == []
    assert clone.bytes() == wanted


def test_a_fresh_clone_without_the_store_gives_the_same_bytes(world: World, another) -> None:
    wanted = world.bytes()
    clone = another(world, store=False)
    assert clone.run()["fetched"] == []
    assert clone.bytes() == wanted


def test_a_deleted_output_is_fetched(world: World) -> None:
    wanted = world.bytes()
    Path("results/toy/f/a/hourly.parquet").unlink()
    Path("results/toy/www/index.html").unlink()
    assert world.plan().empty
    assert world.run()["computed"] == []
    assert world.bytes() == wanted


def test_stale_results_with_new_times_are_put_right(world: World) -> None:
    old = Path("results/toy/f/a/manifest.json").read_bytes()
    world.raw("data/a/master.dss", "kw 150\n")
    world.run()
    wanted = world.bytes()
    Path("results/toy/f/a/manifest.json").write_bytes(old)
    assert world.run()["computed"] == []
    assert world.bytes() == wanted


def test_a_damaged_answer_is_computed_again(world: World) -> None:
    wanted = world.bytes()
    key = world.plan().keys["solve_feeder", "a"]["base@2026"]
    (world.store.shelf(key) / "hourly.parquet").write_bytes(b"")
    assert world.run()["computed"] == [("solve_feeder", "a", "base@2026")]
    assert world.bytes() == wanted


def test_failing_physics_is_an_answer(world: World) -> None:
    world.say("{model: dss}", "{model: dss, head_voltage: {pu: 1.3}}")
    world.run()
    manifest = json.loads(Path("results/toy/f/a/manifest.json").read_text())
    assert set(manifest["cases"]) == {"base@2026", "base@2030", "growth@2026", "growth@2030"}
    assert manifest["cases"]["growth@2030"] == {"status": "failed", "reason": "the voltage is out of reach"}
    assert tables.read("powerflow", Path("results/toy/f/a/powerflow.parquet")).num_rows == 0
    failed = tables.read("assess", Path("results/toy/f/a/assess.parquet")).to_pylist()
    assert [r["value"] for r in failed if r["metric"] == "failed"] == [1.0] * 4
    assert world.run()["computed"] == []


def test_failing_physics_outside_of_a_case_is_a_bug(world: World) -> None:
    world.edit("feeders", "    write_json({\"status\": \"ok\", \"reason\": \"\"}, outputs[\"ready\"])",
               "    raise SolveError('no')")  # fmt: skip
    with pytest.raises(SolveError):
        world.run()


def test_cases_are_cut_and_joined_to_the_same_bytes(world: World, tmp_path: Path) -> None:
    for name, contract in (
        ("powerflow.parquet", "powerflow"),
        ("hourly.parquet", "hourly"),
        ("manifest.json", ""),
        ("violations.parquet", "violations"),
    ):
        whole = Path("results/toy/f/a") / name
        parts = cases.parts(contract, whole, solve(world).cases)
        cut = {}
        for case, digest in parts.items():
            cut[case] = tmp_path / f"{case}-{name}"
            cases.cut(contract, whole, case, cut[case])
            assert digests.of_file(cut[case]) == digest
        cases.join(contract, cut, tmp_path / name)
        assert (tmp_path / name).read_bytes() == whole.read_bytes()
        known = job._known_by(solve(world).stage, digests.of_file(whole), parts)
        assert world.store.parts(known) == parts, "what was remembered is what the file says"


@pytest.mark.parametrize("head", ["", "{pu: 1.3}"], ids=["solved", "failed"])
def test_the_file_of_one_case_is_its_part_and_is_not_cut(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, head: str
) -> None:
    world.say("planned: [2026, 2030]", "planned: [2026]")
    world.say("  growth: {title: More, stack: [more]}\n", "")
    if head:
        world.say("{model: dss}", f"{{model: dss, head_voltage: {head}}}")
    shutil.rmtree(world.store.root)
    cut, cuts = cases.cut, []
    monkeypatch.setattr(cases, "cut", lambda contract, *a: (cuts.append(contract), cut(contract, *a)))
    assert ("assess_feeder", "a", "base@2026") in world.run()["computed"]
    assert cuts, "the manifests were cut"
    assert set(cuts) == {""}, "no table was"
    key = world.plan().keys["solve_feeder", "a"]["base@2026"]
    for name, contract in solve(world).stage.tables.items():
        whole, part = Path(f"results/toy/f/a/{name}.parquet"), world.store.shelf(key) / f"{name}.parquet"
        assert whole.read_bytes() == part.read_bytes()
        cases.join(contract, {"base@2026": part}, tmp_path / "joined")
        assert (tmp_path / "joined").read_bytes() == whole.read_bytes(), "as if it were read and written again"
        cut(contract, whole, "base@2026", tmp_path / "part")
        assert (tmp_path / "part").read_bytes() == whole.read_bytes(), "as if it were cut"
    wanted = world.bytes()
    for path in world.store.root.glob("parts/??/*"):
        path.unlink()
    assert world.run()["computed"] == []
    assert world.bytes() == wanted


def test_parts_are_found_out_when_they_were_forgotten(world: World) -> None:
    for path in world.store.root.glob("parts/??/*"):
        path.unlink()
    for stage in ("assess_feeder", "gather"):
        asked = world.slices().job(stage, "a" if stage == "assess_feeder" else "")
        assert {a["how"] for a in job.run(asked, world.store, TOYS)["answers"]} == {"fetched"}


BREACHES = {
    "missing output": ("write('violations', [], outputs['violations'])", "pass", "did not write its output violations"),
    "foreign output": ("write('violations', [], outputs['violations'])",
                       "write('violations', [], outputs['violations']); (outputs['manifest'].parent / 'x').touch()",
                       "wrote \\['x'\\]"),
    "foreign column": ("write('violations', [], outputs['violations'])",
                       "import pyarrow as pa, pyarrow.parquet as pq; "
                       "pq.write_table(pa.table({'x': [1]}), outputs['violations'])", "violations"),
    "JSON out of form": ("write_json({'status': 'ok', 'reason': '', 'kw': kw}, outputs['manifest'])",
                         "outputs['manifest'].write_text('{\"status\": \"ok\"}')", "canonical"),
}  # fmt: skip


@pytest.mark.parametrize("breach", list(BREACHES))
def test_a_broken_contract_is_refused(world: World, breach: str) -> None:
    old, new, message = BREACHES[breach]
    path = world.code / "toy" / "feeders.py"
    path.write_text(path.read_text().replace('"', "'"))
    world.edit("feeders", old, new)
    with pytest.raises(ContractError, match=message):
        job.run(solve(world), world.store, TOYS)
    assert not list((world.store.root / "scratch").iterdir())


def test_rows_of_another_case_are_refused(world: World) -> None:
    world.edit("feeders", '| {"feeder": spec["group"]}\n    kw', '| {"feeder": "a", "case": "x"}\n    kw')
    with pytest.raises(ContractError, match="asked for the case"):
        job.run(solve(world), world.store, TOYS)


def test_a_missing_input_is_named(world: World) -> None:
    Path("results/toy/f/a/demand.parquet").unlink()
    with pytest.raises(StoreError, match=r"demand\.parquet is not there"):
        job.run(solve(world), world.store, TOYS)


def test_a_command_of_older_code_is_refused(world: World) -> None:
    old = solve(world)
    world.edit("numbers", "2.0", "3.0")
    with pytest.raises(StoreError, match="edited since"):
        job.run(replace(old, spec={**old.spec, "controls": "frozen"}), world.store, TOYS)


def test_code_that_is_edited_while_it_runs_is_not_shelved(world: World) -> None:
    editing = (
        "    import pathlib; pathlib.Path(__file__).with_name('numbers.py').write_text('FACTOR = 9')\n    kw = read("
    )
    world.edit("feeders", "    kw = read(", editing)
    before = world.store.known()
    with pytest.raises(StoreError, match="edited since"):
        job.run(solve(world), world.store, TOYS)
    assert world.store.known() == before


def test_unchanged_feeders_keep_their_time(world: World) -> None:
    """Snakemake sees only the feeder whose model changed."""
    before = {p.name: p.stat().st_mtime_ns for p in Path("results/toy/feeders").iterdir()}
    world.raw("data/a/master.dss", "kw 150\n")
    world.run()
    after = {p.name: p.stat().st_mtime_ns for p in Path("results/toy/feeders").iterdir()}
    assert after["b.json"] == before["b.json"]
    assert after["a.json"] > before["a.json"]


def test_records_lead_back_to_the_raw_files(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    from dtl.workflow import why

    capsys.readouterr()
    assert why.run("results/toy/cube.parquet") == 0
    text = capsys.readouterr().out
    assert text.startswith("results/toy/cube.parquet")
    for line in ("by gather", "by assess_feeder a", "by solve_feeder b", "by prepare_feeder a", "by split_feeders",
                 "studies/toy/data/a/master.dss  raw file", "studies/toy/overrides/classes.csv  raw file"):  # fmt: skip
        assert line in text, line
    key = world.plan().keys["solve_feeder", "a"]["growth@2030"]
    assert f"growth@2030: key {key[:12]}" in text
    assert why.run("results/toy/feeders/a.json") == 0
    Path("results/toy/cube.parquet").write_bytes(b"x")
    why.run("results/toy/cube.parquet")
    assert "is not as it was published" in capsys.readouterr().out
    with pytest.raises(StoreError, match="no job published it"):
        why.run("results/toy/nothing.parquet")


def test_a_raw_file_is_hashed_once_per_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, memory = tmp_path / "raw.txt", tmp_path / "seen.json"
    path.write_text("a")
    seen = digests.Seen(memory)
    first = seen.digest(path)
    assert not seen.fresh, "a file this young may still change without a trace"
    monkeypatch.setattr(digests, "RACY_NS", -(10**18))
    assert seen.digest(path) == first
    seen.save()
    monkeypatch.setattr(digests, "of_file", lambda path: "hashed")
    assert digests.Seen(memory).digest(path) == first
    before = path.stat()
    path.write_text("b")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert digests.Seen(memory).digest(path) == "hashed", "the time of change and the inode tell"
    assert digests.Seen(memory).digest(tmp_path / "none") == digests.ABSENT


def test_stages_give_the_same_bytes_in_other_hash_seeds_and_places(world: World, another, tmp_path: Path) -> None:
    """What a stage was asked must decide its bytes: here in another folder, asked anew."""
    slices, wanted = world.slices(), world.plan().keys
    for stage, of in (("solve_feeder", "a"), ("gather", ""), ("write_site", "")):
        each = slices.job(stage, of)
        for case in each.cases:
            anew = job.answer_anew(each, case, world.store, Store(tmp_path / "other"), TOYS)
            known = world.store.answer(wanted[stage, of][case])
            assert known is not None and anew.outputs == known.outputs
