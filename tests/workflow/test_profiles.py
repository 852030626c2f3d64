"""The profiles: Snakemake's own parser takes them, their rules are there, and jobs elsewhere are told their folder."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tinystudy import ROOT

from dtl.errors import StoreError
from dtl.workflow import snakemake
from dtl.workflow.stages import STAGES

PROFILES = sorted(p.parent.name for p in (ROOT / "profiles").glob("*/config.yaml"))
PLUGINS = {"slurm": "snakemake_executor_plugin_slurm", "kubernetes": "snakemake_executor_plugin_kubernetes"}
AMOUNT = re.compile(r"\d+( \* attempt)?")


def said(profile: str) -> dict[str, Any]:
    words = yaml.safe_load((ROOT / "profiles" / profile / "config.yaml").read_text())
    assert isinstance(words, dict)
    return words


def parsed(words: dict[str, Any], folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[Any, str]:
    """What Snakemake makes of a profile; the options, or nothing and what it says against them."""
    from snakemake.cli import get_argument_parser
    from snakemake.exceptions import CliException

    (folder / "config.yaml").write_text(yaml.safe_dump(words))
    parser = get_argument_parser([str(folder)])
    try:
        return parser.parse_args([]), ""
    except CliException as err:
        return None, str(err)
    except SystemExit:
        return None, capsys.readouterr().err


@pytest.mark.parametrize("profile", PROFILES)
def test_snakemake_takes_every_word_of_a_profile(
    profile: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SNAKEMAKE_PROFILE", raising=False)
    words = said(profile)
    plugin = PLUGINS.get(words.get("executor", ""), "snakemake")
    if importlib.util.find_spec(plugin) is None:  # the words of Snakemake itself are still checked
        words = {k: v for k, v in words.items() if not k.startswith(f"{words['executor']}-")} | {"executor": "local"}
    options, against = parsed(words, tmp_path, capsys)
    assert not against
    assert options.executor == words.get("executor")
    for wrong in ({"latency": "wait"}, {"jobs": "many"}, {"shared-fs-usage": ["everything"]}):
        assert parsed(words | wrong, tmp_path, capsys)[1], f"{wrong} would not be noticed"


def examples() -> list[dict[str, Any]]:
    """The profiles that the page of clusters shows."""
    page = (ROOT / "site/docs/clusters.md").read_text()
    return [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", page, flags=re.S)]


@pytest.mark.parametrize("words", examples(), ids=lambda words: next(iter(words)))
def test_snakemake_takes_the_profiles_of_the_page(
    words: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = {key.partition("-")[0] for key in words} & set(PLUGINS)
    lacks = [PLUGINS[name] for name in named if importlib.util.find_spec(PLUGINS[name]) is None]
    if lacks:
        pytest.skip(f"needs {', '.join(lacks)}".replace("_", "-"))
    _, against = parsed(words, tmp_path, capsys)
    assert not against
    ours = {key for profile in PROFILES if snakemake.elsewhere(profile) for key in said(profile)}
    assert not set(words) & ours, "what our profile says would be taken instead"


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_names_stages_that_are_there(profile: str) -> None:
    words = said(profile)
    for rule, group in words.get("groups", {}).items():
        assert STAGES[rule].per == "group" and group in words["group-components"]
    for rule, resources in words.get("set-resources", {}).items():
        assert rule in STAGES
        assert all(AMOUNT.fullmatch(str(value)) for value in resources.values())


def test_jobs_elsewhere_are_told_their_folder_and_have_no_worker_here(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = {name for name in PROFILES if snakemake.elsewhere(name)}
    assert elsewhere == {"slurm", "kubernetes"}
    for name in PROFILES:
        words = snakemake.command("s", ["results/s/www"], name, None, {})
        assert ("--directory" in words) == (name in elsewhere)
        if name in elsewhere:
            assert words[words.index("--directory") + 1] == str(Path.cwd())
    with snakemake.warm_worker(here=False) as worker:
        assert worker is None


def test_an_environment_without_snakemake_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(StoreError, match="Snakemake is not in the environment of this Python"):
        snakemake.command("tiny", [], "default", None, {})


def test_variables_of_the_environment_that_pods_are_given_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    given = set(said("kubernetes")["envvars"])
    assert given <= set(snakemake.environment())
    assert "DTL_STORE" in given, "a pod has none of the variables of the one who starts the run"
    for name, path in (("", ".dtl-store"), ("../shared", "../shared"), ("/srv/store", "/srv/store")):
        monkeypatch.setenv("DTL_STORE", name) if name else monkeypatch.delenv("DTL_STORE", raising=False)
        assert snakemake.environment()["DTL_STORE"] == str(Path.cwd() / path)


def test_snakemake_still_has_the_limit_that_the_snakefile_takes_off() -> None:
    from snakemake.scheduling.job_scheduler import JobScheduler

    assert "job_rate_limiter" in JobScheduler.__init__.__code__.co_names
    assert "workflow.scheduler.job_rate_limiter = None" in (ROOT / "Snakefile").read_text(encoding="utf-8")
