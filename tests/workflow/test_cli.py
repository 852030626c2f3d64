"""The command line: its verbs, its exit codes, and what the Snakefile costs."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dtl import cli
from dtl.workflow import border, reasons
from dtl.workflow.stage import Stage
from dtl.workflow.stages import STAGES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from tinystudy import Tiny

    monkeypatch.chdir(tmp_path)
    return Tiny(tmp_path).study


def test_every_verb_has_help_and_hidden_ones_are_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    said = capsys.readouterr().out
    for verb in ("new", "check", "plan", "run", "diff", "why", "show", "report", "schema", "schedule", "store"):
        assert f"\n    {verb} " in said
        with pytest.raises(SystemExit) as end:
            cli.main([verb, "--help"])
        assert end.value.code == 0
    assert "gate" not in said.split("VERB")[-1] and "\n    job" not in said


def test_plan_says_two_where_something_would_run(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["plan", "tiny"]) == 2
    said = capsys.readouterr().out
    assert said.startswith("tiny: 7 to compute, 9 may change, 0 to reuse")
    assert "groups are known after split_feeders" in said
    assert not (here.parents[2] / "results").exists(), "a plan writes no results"
    assert cli.main(["plan", "tiny", "--json"]) == 2
    assert len(json.loads(capsys.readouterr().out)["compute"]) == 7


def test_a_verb_without_its_study_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["plan"]) == 1 and cli.main(["run"]) == 1
    assert capsys.readouterr().err.count("name the study, or compare all studies with a revision") == 2
    assert cli.main(["run", "tiny", "--changed"]) == 1
    assert "belong together" in capsys.readouterr().err


def test_mistakes_are_printed_without_a_traceback(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here.write_text(here.read_text().replace("per_year", "per_yaer"))
    assert cli.main(["plan", "tiny"]) == 1
    said = capsys.readouterr().err
    assert "study.yaml:13:" in said and "did you mean" in said and "Traceback" not in said
    assert cli.main(["run", "tiny"]) == 1
    assert cli.main(["plan", "nothing"]) == 1


def asked(words: list[str], folder: Path, **environment: str) -> subprocess.Popen[bytes]:
    known = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    words = [sys.executable, "-m", "dtl.cli", *words]
    return subprocess.Popen(words, cwd=folder, env=known, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_letters_that_a_locale_lacks_end_nothing(here: Path) -> None:
    here.write_text(here.read_text().replace("per_year: 0.02", "per_yaer: 0.02, note: İstanbul – Größe"))
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    out, err = asked(["check", "tiny"], here.parents[2], **plain).communicate()
    assert "note: İstanbul – Größe" in out.decode() and "did you mean 'per_year'" in out.decode() and not err


def test_a_reader_that_has_seen_enough_is_no_error(here: Path) -> None:
    process = asked(["schema"], here.parents[2])
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    with process.stderr as told:
        assert told.read() == b""
    assert process.wait() == 141


def test_raw_files_that_are_not_those_of_the_lock_are_refused_with_both_digests(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", "tiny", "--lock"]) == 0
    assert cli.main(["plan", "tiny"]) == 2
    raw = next(p for p in sorted(here.parent.rglob("*")) if p.is_file() and p.parent != here.parent)
    before = hashlib.sha256(raw.read_bytes()).hexdigest()
    raw.write_bytes(raw.read_bytes() + b"\n")
    after = hashlib.sha256(raw.read_bytes()).hexdigest()
    for words in (["plan", "tiny"], ["plan", "tiny", "--json"], ["run", "tiny"], ["check", "tiny"]):
        capsys.readouterr()
        assert cli.main(words) == 1
        said = "".join(capsys.readouterr())
        assert f"locked {before:.16}" in said and f"found {after:.16}" in said and "sources.lock.yaml" in said


def test_the_resolved_study_is_printed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["show", "tiny", "--resolved"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["powerflow"]["engine"] == "auto" and said["limits"]["transformers"]["window_h"] == 2.0


def test_a_reason_names_a_digest_by_its_first_letters() -> None:
    old, new = (hashlib.sha256(text).hexdigest() for text in (b"one", b"two"))
    assert list(reasons.differences("", {"spec": old}, {"spec": new})) == [f"spec: {old[:12]} -> {new[:12]}"]


def test_a_reason_names_the_layer_that_came_beside_others() -> None:
    one, two = {"name": "growth", "per_year": 0.02}, {"name": "larger", "kva": 750}
    changed = {**one, "per_year": 0.12}
    told = list(reasons.differences("", {"layers": [one]}, {"layers": [two, changed]}))
    assert told == ["layers.growth.per_year: 0.02 -> 0.12", "layers.larger is new"]
    assert list(reasons.differences("", {"layers": [one, two]}, {"layers": [one]})) == ["layers.larger is gone"]
    assert list(reasons.differences("", {"layers": [one, two]}, {"layers": [two, one]})), "an order counts, too"


def test_a_profile_that_is_not_there_is_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "tiny", "--profile", "moon"]) == 1
    assert "there is ci, default" in capsys.readouterr().err


def test_a_report_that_is_not_there_is_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["report", "tiny"]) == 1
    assert "dtl run tiny" in capsys.readouterr().err


def test_why_wants_a_result(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["why", "studies/tiny/study.yaml"]) == 1
    assert "results/STUDY" in capsys.readouterr().err


def test_a_long_slice_goes_to_a_file(tmp_path: Path) -> None:
    short = border.argument({"a": 1}, tmp_path)
    assert short == '{"a":1}' and not list(tmp_path.iterdir())
    spec = {"a": "x" * 200_000}
    long = border.argument(spec, tmp_path)
    assert long.startswith("@") and json.loads(Path(long[1:]).read_text()) == spec
    assert border.argument(spec, tmp_path) == long


def test_what_the_snakefile_imports_is_light() -> None:
    code = "import sys\nfrom dtl.workflow.border import Border\nprint(*{m.split('.')[0] for m in sys.modules})"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & {"numpy", "pandas", "pyarrow", "scipy", "networkx", "opendssdirect", "dss", "jinja2", "mkdocs"}


def test_the_profiles_say_what_every_run_needs() -> None:
    import yaml

    paths = sorted((ROOT / "profiles").glob("*/config.yaml"))
    assert paths
    for path in paths:
        said = yaml.safe_load(path.read_text())
        assert said["scheduler"] == "greedy" and said["rerun-incomplete"] and said["keep-going"], path


def test_rules_run_shells_only_and_log() -> None:
    text = "".join(p.read_text() for p in sorted((ROOT / "rules").glob("*.smk")))
    assert "\n    run:" not in text and "\n    script:" not in text
    rules = re.split(r"\n(?:rule|checkpoint) (?=\w+:)", text)[1:]
    order = ["input:", "output:", "log:", "benchmark:", "conda:", "params:", "shell:"]
    assert len(rules) == len(STAGES) + 1
    for rule in rules:
        places = [rule.index(f"    {word}\n") for word in order if f"    {word}\n" in rule]
        assert places == sorted(places), rule
        assert "    log:\n" in rule and "    conda:\n" in rule


@pytest.mark.parametrize("stage", STAGES.values(), ids=list(STAGES))
def test_a_rule_has_the_files_of_its_stage(stage: Stage) -> None:
    """What a job reads or publishes beside its rule, Snakemake would neither wait for nor notice."""
    text = "".join(p.read_text() for p in sorted((ROOT / "rules").glob("*.smk")))
    rule = re.split(rf"\n(?:rule|checkpoint) {stage.name}:\n", text)[1].split("\nrule ")[0]
    for word, names in (("input", stage.inputs), ("output", stage.outputs)):
        block = re.split(rf"\n?    {word}:\n", rule)[1]
        block = re.split(r"\n    \w+:\n", block)[0]
        assert re.findall(r"^        (\w+)=", block, flags=re.M) == list(names), word
