"""Post a page as the one comment of a pull or merge request: the comment that is there is put right, not repeated.

Reads the variables that GitHub Actions (with GITHUB_TOKEN and PULL_REQUEST) or GitLab CI (with DTL_COMMENT_TOKEN) set.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from pathlib import Path
from typing import Any

LONGEST = 60_000
"""Characters of a comment; both forges take a little more."""


def call(method: str, url: str, headers: dict[str, str], body: dict[str, str] | None = None) -> Any:
    """What the forge answers to a request, from JSON."""
    data = None if body is None else json.dumps(body).encode()
    head = {"Content-Type": "application/json", "Accept": "application/json", **headers}
    with urllib.request.urlopen(urllib.request.Request(url, data, head, method=method), timeout=60) as answer:
        return json.loads(answer.read() or b"null")


def main(path: str) -> None:
    """Post the page of a file; its first line is the mark by which its comment is found again."""
    text = Path(path).read_text(encoding="utf-8")
    mark = text.splitlines()[0]
    if len(text) > LONGEST:
        text = text[:LONGEST] + "\n\n(cut; the whole page is in the log of the run)\n"
    known = os.environ
    if "GITLAB_CI" in known:
        merge_request = f"projects/{known['CI_PROJECT_ID']}/merge_requests/{known['CI_MERGE_REQUEST_IID']}"
        every = one = f"{known['CI_API_V4_URL']}/{merge_request}/notes"
        headers, edit = {"PRIVATE-TOKEN": known["DTL_COMMENT_TOKEN"]}, "PUT"
    else:
        issues = f"{known['GITHUB_API_URL']}/repos/{known['GITHUB_REPOSITORY']}/issues"
        every, one = f"{issues}/{known['PULL_REQUEST']}/comments", f"{issues}/comments"
        headers, edit = {"Authorization": f"Bearer {known['GITHUB_TOKEN']}"}, "PATCH"
    page, mine = 1, None
    while mine is None and (found := call("GET", f"{every}?per_page=100&page={page}", headers)):
        mine = next((c["id"] for c in found if c["body"].startswith(mark)), None)
        page += 1
    if mine is None:
        call("POST", every, headers, {"body": text})
    else:
        call(edit, f"{one}/{mine}", headers, {"body": text})
    print("posted" if mine is None else f"comment {mine} put right")


if __name__ == "__main__":
    main(sys.argv[1])
