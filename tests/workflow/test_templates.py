"""The templates of continuous integration and of the container: what they name is there."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from tinystudy import ROOT

from dtl import arguments, cli

WORKFLOW = ROOT / ".github/workflows/dtl.yml"
GITLAB = ROOT / ".gitlab-ci.yml"
GITLAB_WORDS = {"image", "stages", "variables", "workflow", "default", "include"}
JOB_WORDS = {
    "stage",
    "extends",
    "script",
    "before_script",
    "after_script",
    "cache",
    "artifacts",
    "rules",
    "needs",
    "parallel",
}


def scripts(text: str) -> list[str]:
    """Every script of a template, as a shell reads it."""
    found: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            for key, value in node.items():
                if key in ("run", "script", "before_script", "after_script"):
                    found.extend([value] if isinstance(value, str) else value)
                else:
                    walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(yaml.safe_load(text))
    return found


@pytest.mark.parametrize("path", [WORKFLOW, ROOT / ".github/workflows/ci.yml", GITLAB], ids=lambda p: p.name)
def test_scripts_are_shell_and_call_verbs_that_are_there(path: Path) -> None:
    lines = scripts(path.read_text())
    verbs: list[str] = []
    for script in lines:
        plain = re.sub(r"\$\{\{.*?\}\}", "x", script)
        done = subprocess.run(["sh", "-n"], input=plain, capture_output=True, text=True)
        assert done.returncode == 0, f"{script}: {done.stderr}"
        for part in re.split(r"[;&|(){}>\n]", plain):
            called = re.search(r"(?:^|\s|/)dtl(?:\.cli)? ([a-z].*)", part)
            if called:
                words = [re.sub(r"\$.*", "x", w) for w in shlex.split(called[1].rstrip(" $"))]
                verbs.append(arguments.parser(cli.VERBS).parse_args(words).verb)
        for target in re.findall(r"\bmake (\w+)", plain):
            assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), flags=re.M), target
    if path != ROOT / ".github/workflows/ci.yml":
        assert {"check", "run", "diff", "store"} <= set(verbs)
    for study in str(yaml.safe_load(path.read_text()).get("env", {}).get("STUDIES", "demo")).split():
        assert (ROOT / "studies" / study / "study.yaml").is_file()


def test_the_workflow_is_one() -> None:
    said = yaml.safe_load(WORKFLOW.read_text())
    assert set(said[True]) == {"pull_request", "push", "schedule"}, "`on` is a flag to YAML 1.1"
    assert all(len(line["cron"].split()) == 5 for line in said[True]["schedule"])
    for name, job in said["jobs"].items():
        assert job["runs-on"] and job["steps"], name
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step), step
            if "uses" in step:
                assert re.fullmatch(r"[\w-]+/[\w-]+(/\w+)?@v\d+", step["uses"]), step["uses"]
    studies = said["jobs"]["studies"]
    assert studies["permissions"]["pull-requests"] == "write" and said["permissions"] == {"contents": "read"}
    caches = {s["uses"]: s for s in studies["steps"] if s.get("uses", "").startswith("actions/cache")}
    assert list(caches) == ["actions/cache/restore@v4", "actions/cache/save@v4"]
    paths = {s["with"]["path"] for s in caches.values()}
    assert paths == {".dtl-store"}, "the store is restored, and nothing but the store"
    assert caches["actions/cache/save@v4"]["if"] == "always()", "what was computed is kept where the gate is closed"
    text = WORKFLOW.read_text()
    order = [
        "dtl check",
        "--changed --base",
        "dtl diff",
        "comment.py comment.md",
        "store prune",
        "cache/save",
        "exit 1",
    ]
    assert [text.index(word) for word in order] == sorted(text.index(word) for word in order)


def test_the_pipeline_is_one() -> None:
    said = yaml.safe_load(GITLAB.read_text())
    jobs = {name: job for name, job in said.items() if name not in GITLAB_WORDS}
    assert set(jobs) == {"test", "docs", ".studies", "touched", "all", "practice", "pages"}
    for name, job in jobs.items():
        assert set(job) <= JOB_WORDS, name
        assert job.get("stage", "studies") in said["stages"]
        assert name.startswith(".") or job["script"]
        assert set(job.get("needs", [])) <= set(jobs) and job.get("extends", ".studies") in jobs
    assert jobs[".studies"]["cache"]["paths"] == [".dtl-store"]
    assert jobs["pages"]["artifacts"]["paths"] == ["public"]


TOLD = '#!/bin/sh\necho "$(basename $0) $*" >> "$CALLS"\n'
ENDS = """\
case $1 in
  run) exit $RUN;;
  diff) if [ "$DIFF" = 1 ]; then echo 'demo at main: a mistake' >&2; else echo '<!-- dtl-diff -->'; fi; exit $DIFF;;
esac
"""
STUBS = {
    "dtl": TOLD + ENDS,
    "git": TOLD + "mkdir -p ../base\n",
    ".venv/bin/dtl": TOLD + ENDS,
    "make": TOLD,
    "python": TOLD,
    ".venv/bin/python": TOLD,
}
"""Programs that write down how they were called; a run ends as the test says, a diff finds a material change."""


def github() -> list[tuple[str, bool]]:
    """The scripts of a pull request in their order, and whether each runs after an error, too."""
    steps = yaml.safe_load(WORKFLOW.read_text())["jobs"]["studies"]["steps"]
    mine = [s for s in steps if "run" in s and not re.search(r"!= 'pull_request'|schedule", s.get("if", ""))]
    return [(re.sub(r"\$\{\{.*?\}\}", "x", s["run"]), "always()" in s.get("if", "")) for s in mine]


def gitlab() -> list[tuple[str, bool]]:
    """As `github`, of a merge request."""
    said = yaml.safe_load(GITLAB.read_text())
    before, after = said[".studies"]["before_script"], said[".studies"]["after_script"]
    return [("\n".join([*before, *said["touched"]["script"]]), False), ("\n".join(after), True)]


def piped(forge: Any, tmp_path: Path, run: int, diff: int) -> tuple[int, list[str]]:
    """The steps of a pull request by a shell, as its runner does: how they end, and what was called."""
    for name, text in STUBS.items():
        path = tmp_path / (name if name.startswith(".") else f"bin/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    calls = tmp_path / "calls"
    env = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "CALLS": str(calls), "RUN": str(run), "DIFF": str(diff),
           "BASE": "HEAD^1", "STUDIES": "one two", "GITHUB_PATH": "/dev/null", "GITHUB_STEP_SUMMARY": "/dev/null",
           "CI_MERGE_REQUEST_DIFF_BASE_SHA": "HEAD^1", "DTL_COMMENT_TOKEN": "t"}  # fmt: skip
    ended = 0
    for script, always in forge():
        if ended == 0 or always:
            done = subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True)
            ended = ended or done.returncode
    return ended, calls.read_text().splitlines()


@pytest.mark.parametrize("forge", [github, gitlab])
def test_what_cannot_be_compared_is_told_and_closes_nothing(forge: Any, tmp_path: Path) -> None:
    """A base with mistakes, which the pull request mends: the comment says why there is no comparison."""
    ended, told = piped(forge, tmp_path, run=0, diff=1)
    assert ended == 0 and sum(call.startswith("dtl diff") for call in told) == 2
    assert "git worktree add --detach ../base HEAD^1" in told and "python .github/comment.py comment.md" in told
    page = (tmp_path / "comment.md").read_text()
    assert page == "<!-- dtl-diff -->\nNot compared:\n\n```\ndemo at main: a mistake\n```\n"


@pytest.mark.parametrize("forge", [github, gitlab])
@pytest.mark.parametrize("code", [0, 1], ids=["good", "closed"])
def test_a_closed_gate_is_told_before_the_pipeline_ends_with_it(forge: Any, code: int, tmp_path: Path) -> None:
    """The comment is posted, also where runs end with 1."""
    ended, told = piped(forge, tmp_path, run=code, diff=2)
    assert ended == code, "the pipeline ends as the runs did"
    for study in ("one", "two"):
        assert f"dtl run {study} --changed --base HEAD^1 --fresh --profile ci" in told
    assert told.index("dtl diff HEAD^1 HEAD --md --study one --study two") < told.index(
        "python .github/comment.py comment.md"
    )
    assert any(re.match("dtl store prune", call) for call in told)


def test_the_container_has_its_steps() -> None:
    lines = re.sub(r"\\\n", "", (ROOT / "Dockerfile").read_text()).splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line.strip() and not line.startswith("#")]
    assert {word for word, _ in steps} <= {"FROM", "RUN", "WORKDIR", "COPY", "USER", "CMD", "ENV"}
    assert steps[0][0] == "FROM" and steps[-1][0] == "CMD"
    image, _, tag = steps[0][1].partition(":")
    assert image == "python" and tag.startswith("3.11") and "latest" not in tag
    make = (ROOT / "Makefile").read_text()
    ignored = (ROOT / ".dockerignore").read_text().split()
    for word, rest in steps:
        if word == "COPY":
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists() and source not in ignored
        if word == "RUN":
            assert subprocess.run(["sh", "-n"], input=rest, text=True).returncode == 0
            assert "apt-get install" not in rest or (
                "--no-install-recommends" in rest and "rm -rf /var/lib/apt" in rest
            )
        for target in re.findall(r"\bmake (\w+) &&", rest):
            assert f"\n{target}:" in make
    assert ["ENV", "HOME=/tmp PATH=/dtl/.venv/bin:$PATH"] in steps, "pods look for `dtl` there"
    assert json.loads(steps[-1][1]) == ["make", "demo"] and "\ndemo:" in make
    assert [word for word, _ in steps].index("USER") > max(i for i, (word, _) in enumerate(steps) if word == "RUN")


@pytest.fixture
def forge() -> Iterator[tuple[str, list[dict[str, Any]], list[str]]]:
    """A forge on this machine with comments of others: its address, its comments, and what it was asked."""
    comments = [{"id": i, "body": "looks fine"} for i in range(1, 131)]
    asked: list[str] = []

    class Forge(BaseHTTPRequestHandler):
        def answer(self) -> None:
            asked.append(f"{self.command} {self.path.partition('?')[0]}")
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null")
            page = int((re.findall(r"[?&]page=(\d+)", self.path) or ["1"])[0])
            said: Any = comments[100 * (page - 1) : 100 * page]
            if self.command == "POST":
                comments.append({"id": len(comments) + 1, **body})
                said = comments[-1]
            elif self.command in ("PATCH", "PUT"):
                said = next(c for c in comments if str(c["id"]) == self.path.rpartition("/")[2])
                said.update(body)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        do_GET = do_POST = do_PATCH = do_PUT = answer  # noqa: N815 - the names of the standard library

        def log_message(self, *words: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Forge)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", comments, asked
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_one_comment_is_posted_and_put_right(
    forge: tuple[str, list[dict[str, Any]], list[str]], tmp_path: Path, kind: str
) -> None:
    url, comments, asked = forge
    github = {"GITHUB_API_URL": url, "GITHUB_REPOSITORY": "o/r", "PULL_REQUEST": "7", "GITHUB_TOKEN": "t"}
    gitlab = {"GITLAB_CI": "true", "CI_API_V4_URL": url, "CI_PROJECT_ID": "3", "CI_MERGE_REQUEST_IID": "7",
              "DTL_COMMENT_TOKEN": "t"}  # fmt: skip
    page = tmp_path / "comment.md"
    for text in ("<!-- dtl-diff -->\none\n", "<!-- dtl-diff -->\n" + "two\n" * 50_000):
        page.write_text(text)
        subprocess.run(
            [sys.executable, str(ROOT / ".github/comment.py"), str(page)],
            env={"no_proxy": "*", **(github if kind == "github" else gitlab)}, check=True, capture_output=True,
        )  # fmt: skip
    mine = [c for c in comments if c["body"].startswith("<!-- dtl-diff -->")]
    assert len(mine) == 1 and "two" in mine[0]["body"] and len(mine[0]["body"]) < 65_000
    assert all(c["body"] == "looks fine" for c in comments if c not in mine)
    every = "/repos/o/r/issues/7/comments" if kind == "github" else "/projects/3/merge_requests/7/notes"
    one = "PATCH /repos/o/r/issues/comments/131" if kind == "github" else f"PUT {every}/131"
    assert asked == [*[f"GET {every}"] * 3, f"POST {every}", *[f"GET {every}"] * 2, one]
