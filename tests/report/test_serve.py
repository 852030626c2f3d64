"""Sites behind a login: nothing without it, no way out of the folder, tries that run out."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import pytest

from dtl.errors import StoreError
from dtl.report.serve import run, users
from dtl.report.serve.server import Server
from dtl.report.serve.sessions import HOURS, TRIES, WINDOW_S, Sessions

WORD = "correct horse battery"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    www = tmp_path / "results/s <1>/www"
    (www / "data").mkdir(parents=True)
    (www / "index.html").write_text("<h1>study</h1>")
    (www / "data/f.js").write_text("1")
    (tmp_path / "results/s <1>/secret.txt").write_text("no")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(users, "N", 2**10)
    users.add("ana", WORD, users.place())
    with Server(("127.0.0.1", 0), run.sites(), users.place()) as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def ask(server: Server, method: str, path: str, cookie: str = "", **form: str) -> tuple[int, dict[str, str], str]:
    host, port = server.server_address[:2]
    connection = http.client.HTTPConnection(str(host), int(port), timeout=10)
    headers = {"Cookie": cookie} if cookie else {}
    body = urlencode(form) if form else None
    if body:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, dict(answer.getheaders()), text


def logged_in(server: Server, password: str = WORD) -> str:
    status, headers, _ = ask(server, "POST", "/login", user="ana", password=password, next="/")
    assert status == 303
    return headers["Set-Cookie"].split(";")[0]


def test_nothing_without_a_login(server: Server) -> None:
    for path in ("/", "/s%20%3C1%3E/", "/s%20%3C1%3E/data/f.js", "/none", "/../secret.txt"):
        status, _, text = ask(server, "GET", path)
        assert status == 401 and "<form" in text and "study" not in text.replace("/s ", "")
    assert ask(server, "HEAD", "/s%20%3C1%3E/")[2] == ""
    assert ask(server, "GET", "/", "dtl_session=made-up")[0] == 401
    status, headers, _ = ask(server, "POST", "/login", user="ana", password="wrong", next="/")
    assert status == 401 and "Set-Cookie" not in headers
    assert ask(server, "POST", "/login", user="nobody", password=WORD, next="/")[0] == 401


def test_a_session_shows_the_sites_and_ends(server: Server) -> None:
    status, headers, _ = ask(server, "POST", "/login", user="ana", password=WORD, next="/s%20%3C1%3E/")
    flags = headers["Set-Cookie"]
    assert status == 303 and headers["Location"] == "/s%20%3C1%3E/"
    assert "HttpOnly" in flags and "SameSite=Strict" in flags
    cookie = flags.split(";")[0]
    status, _, text = ask(server, "GET", "/", cookie)
    assert status == 200 and "s &lt;1&gt;" in text and "s <1>" not in text
    status, headers, text = ask(server, "GET", "/s%20%3C1%3E/", cookie)
    assert (status, text, headers["X-Content-Type-Options"]) == (200, "<h1>study</h1>", "nosniff")
    assert "javascript" in ask(server, "GET", "/s%20%3C1%3E/data/f.js", cookie)[1]["Content-Type"]
    for path in ("/s%20%3C1%3E/../secret.txt", "/s%20%3C1%3E/%2e%2e/secret.txt", "/s%20%3C1%3E//etc/passwd", "/x/"):
        assert ask(server, "GET", path, cookie)[0] == 404, path
    assert ask(server, "POST", "/s%20%3C1%3E/", cookie, a="b")[0] == 405
    assert ask(server, "POST", "/logout", cookie, a="b")[0] == 303
    assert ask(server, "GET", "/", cookie)[0] == 401


def test_no_way_to_another_place_after_login(server: Server) -> None:
    for wanted in ("//evil.example/", "https://evil.example/", "/\\evil.example"):
        _, headers, _ = ask(server, "POST", "/login", user="ana", password=WORD, next=wanted)
        assert headers["Location"] == "/"


def test_tries_run_out(server: Server) -> None:
    for _ in range(TRIES):
        assert ask(server, "POST", "/login", user="ana", password="wrong", next="/")[0] == 401
    assert ask(server, "POST", "/login", user="ana", password=WORD, next="/")[0] == 429


def test_tries_at_the_same_time_run_out_too(server: Server) -> None:
    with ThreadPoolExecutor(4 * TRIES) as pool:
        tries = pool.map(lambda _: ask(server, "POST", "/login", user="bo", password="wrong")[0], range(4 * TRIES))
        told = sorted(tries)
    assert told == [401] * TRIES + [429] * 3 * TRIES


def raw(server: Server, text: str) -> str:
    """What is answered to bytes that no browser sends, until the server closes."""
    with socket.create_connection(server.server_address[:2], timeout=10) as line:
        line.sendall(text.encode("utf-8"))
        return b"".join(iter(lambda: line.recv(65536), b"")).decode()


@pytest.mark.parametrize("length", ["-1", "abc", "99999999", "1_0", "٣", "9" * 30])
def test_a_login_of_a_wrong_length_is_refused_and_the_connection_closed(server: Server, length: str) -> None:
    answer = raw(server, f"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\nuser=ana")
    assert answer.startswith("HTTP/1.1 400 ") and "Connection: close" in answer


def test_a_body_that_nobody_reads_is_not_the_next_request(server: Server) -> None:
    inner = "GET /none HTTP/1.1\r\nHost: x\r\n\r\n"
    for head in (
        f"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(inner)}\r\n\r\n",
        "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
    ):
        assert raw(server, head + inner).count("HTTP/1.1 ") == 1


def test_one_connection_serves_many_requests(server: Server) -> None:
    cookie = logged_in(server)
    connection = http.client.HTTPConnection(*server.server_address[:2], timeout=10)
    for method, path, status, text in (
        ("GET", "/s%20%3C1%3E/data/f.js", 200, "1"),
        ("HEAD", "/s%20%3C1%3E/data/f.js", 200, ""),
        ("HEAD", "/s%20%3C1%3E/none", 404, ""),
        ("GET", "/s%20%3C1%3E/", 200, "<h1>study</h1>"),
    ):
        connection.request(method, path, headers={"Cookie": cookie})
        answer = connection.getresponse()
        assert (answer.status, not answer.will_close) == (status, True)
        assert answer.read().decode() == text
    connection.close()


def test_nothing_of_a_login_becomes_a_header(server: Server) -> None:
    for wanted, place in (
        ("/s\r\nSet-Cookie: a=b", "/s%0D%0ASet-Cookie:%20a=b"),
        ("/\t/evil.example", "/%09/evil.example"),
        ("/東/?a=b#c%20d", "/%E6%9D%B1/?a=b#c%20d"),
    ):
        status, headers, _ = ask(server, "POST", "/login", user="ana", password=WORD, next=wanted)
        assert status == 303 and headers["Location"] == place
        assert headers["Set-Cookie"].startswith("dtl_session=")


def test_names_that_no_file_can_have_are_not_found(server: Server) -> None:
    cookie = logged_in(server)
    site = "/s%20%3C1%3E/"
    for path in (f"{site}%00", site + "a" * 300, site + "a/" * 9000, "http://[::1/", "/%ff", f"{site}%2fetc/passwd"):
        answer = raw(server, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: {cookie}\r\n\r\n")
        assert answer.startswith("HTTP/1.1 404 "), path
    status, headers, _ = ask(server, "GET", "/s%20%3C1%3E", cookie)
    assert status == 303 and headers["Location"] == "/s%20%3C1%3E/"


def test_cookies_of_other_programs_do_not_hide_the_session(server: Server) -> None:
    cookie = logged_in(server)
    for other in ('settings={"a":[1]}', "a b", "=", "東=1".encode().decode("latin-1")):
        assert ask(server, "GET", "/", f"{other}; {cookie}")[0] == 200, other


@pytest.mark.parametrize(
    ("asked", "status", "text", "told"),
    [
        ("bytes=1-3", 206, "h1>", "bytes 1-3/14"),
        ("bytes=10-", 206, "/h1>", "bytes 10-13/14"),
        ("bytes=-4", 206, "/h1>", "bytes 10-13/14"),
        ("bytes=-99", 206, "<h1>study</h1>", "bytes 0-13/14"),
        ("bytes=4-99", 206, "study</h1>", "bytes 4-13/14"),
        ("bytes=14-", 416, "", "bytes */14"),
        ("bytes=-0", 416, "", "bytes */14"),
        ("bytes=3-1", 200, "<h1>study</h1>", None),
        ("bytes=0-1,3-4", 200, "<h1>study</h1>", None),
        (f"bytes={'9' * 5000}-", 200, "<h1>study</h1>", None),
        ("lines=1-2", 200, "<h1>study</h1>", None),
    ],
)
def test_a_part_of_a_file_can_be_asked_for(
    server: Server, asked: str, status: int, text: str, told: str | None
) -> None:
    cookie = logged_in(server)
    connection = http.client.HTTPConnection(*server.server_address[:2], timeout=10)
    connection.request("GET", "/s%20%3C1%3E/index.html", headers={"Cookie": cookie, "Range": asked})
    answer = connection.getresponse()
    assert (answer.status, answer.read().decode(), answer.getheader("Content-Range")) == (status, text, told)
    stale = {"Cookie": cookie, "Range": asked, "If-Range": "Mon, 01 Jan 2001 00:00:00 GMT"}
    connection.request("GET", "/s%20%3C1%3E/index.html", headers=stale)
    answer = connection.getresponse()
    assert (answer.status, answer.read().decode()) == (200, "<h1>study</h1>"), "the file is another one by now"
    connection.close()


def test_time_ends_sessions_and_forgives_tries() -> None:
    now = [0.0]
    known = Sessions(lambda: now[0])
    token = known.begin("ana")
    for _ in range(TRIES):
        known.failed("user bo")
    assert known.user(token) == "ana" and known.closed("user bo") and not known.closed("user ana")
    now[0] = WINDOW_S + 1.0
    assert not known.closed("user bo")
    now[0] = 3600.0 * HOURS + 1
    assert known.user(token) is None
    known.failed("user cy")
    assert list(known._failed) == ["user cy"], "what is forgiven is forgotten"


def test_users_are_kept_as_hashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "N", 2**10)
    file = tmp_path / "users.json"
    users.add("ana", WORD, file)
    users.add("bo", WORD, file)
    text = file.read_text()
    assert WORD not in text and file.stat().st_mode & 0o077 == 0
    assert len({u["hash"] for u in json.loads(text).values()}) == 2, "each has a salt of its own"
    for name, password, words in (("a b", WORD, "letters"), ("ana", "short", "at least")):
        with pytest.raises(StoreError, match=words):
            users.add(name, password, file)
    file.write_text("[")
    with pytest.raises(StoreError, match="cannot be read"):
        users.read(file)


def test_what_cannot_be_served_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match="dtl run STUDY"):
        run.run("127.0.0.1", 0, None)
    (tmp_path / "results/s/www").mkdir(parents=True)
    (tmp_path / "results/s/www/index.html").write_text("x")
    with pytest.raises(StoreError, match="--add-user"):
        run.run("127.0.0.1", 0, None)
    assert [run.loopback(h) for h in ("localhost", "127.0.0.1", "::1", "0.0.0.0", "pc.lan")] == [True] * 3 + [False] * 2
