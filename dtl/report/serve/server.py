"""The server of `dtl serve`: the built sites of all studies, for those who are logged in; everything else is 401."""

from __future__ import annotations

import html
import mimetypes
import re
import sys
import threading
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from dtl.report.serve import users
from dtl.report.serve.sessions import HOURS, Sessions

COOKIE = "dtl_session"
MOST_BYTES = 4096
"""Longest body of a login."""
IDLE_S = 30
"""A connection on which nothing comes or goes for so long is closed."""
PIECE = 1 << 18
"""Bytes of a file that are read at once."""
_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))", re.ASCII)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>
body{{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:12vh auto;padding:0 1rem;color:#1b2733;background:#fff}}
label{{display:block;margin:.8rem 0}}
input{{display:block;width:100%;font:inherit;padding:.5rem;box-sizing:border-box}}
button{{font:inherit;padding:.5rem 1.2rem}}
.error{{color:#a4161a}}
@media(prefers-color-scheme:dark){{body{{color:#e6edf3;background:#14181d}}.error{{color:#ff8a80}}a{{color:#8ab4f8}}}}
</style><h1>{title}</h1>{body}</html>"""

FORM = """{error}<form method="post" action="/login"><input type="hidden" name="next" value="{next}">
<label>Name <input name="user" autocomplete="username" required autofocus></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>Log in</button></form>"""


class Server(ThreadingHTTPServer):
    """Serves the folders ``www`` of studies by their names, to the users of a file."""

    daemon_threads, request_queue_size = True, 128

    def __init__(self, address: tuple[str, int], sites: dict[str, Path], file: Path) -> None:
        super().__init__(address, Handler)
        self.sites, self.users, self.sessions = sites, users.read(file), Sessions()
        self._one_try = threading.Lock()

    def admit(self, name: str, password: str, address: str) -> str | None:
        """A token for who knows a password, "" for who does not; None while the door is closed.

        One try at a time: many at once would all begin before the first of them has failed.
        """
        keys = f"user {name}", f"from {address}"
        with self._one_try:
            if self.sessions.closed(*keys):
                return None
            if users.fits(self.users, name, password):
                return self.sessions.begin(name)
            self.sessions.failed(*keys)
            return ""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what went wrong here; a reader who left is no error."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One request; a path is ``/STUDY/...``, ``/`` lists the studies, ``/login`` and ``/logout`` do what they say."""

    server: Server
    server_version, sys_version = "dtl", ""
    protocol_version, timeout = "HTTP/1.1", IDLE_S

    def do_GET(self) -> None:
        """Answer with a file, or with the form of the login and 401."""
        self._get(body=True)

    def do_HEAD(self) -> None:
        """As `do_GET`, without the body."""
        self._get(body=False)

    def do_POST(self) -> None:
        """Log in or out."""
        path = self._path()
        if path == "/logout":
            self.server.sessions.end(self._token())
            self._redirect("/", f"{COOKIE}=; Max-Age=0; Path=/")
        elif path == "/login":
            self._login()
        else:
            self._page(HTTPStatus.METHOD_NOT_ALLOWED, "Not allowed", "<p>This server only shows sites.</p>")

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged: what is read is the reader's affair."""

    def _login(self) -> None:
        stated = self.headers.get("Content-Length") or ""
        length = int(stated) if re.fullmatch(r"\d{1,9}", stated, re.ASCII) else MOST_BYTES + 1
        if length > MOST_BYTES or "Transfer-Encoding" in self.headers:
            self._form(HTTPStatus.BAD_REQUEST, "/", "A name and a password are shorter.")
            return
        given = parse_qs(self.rfile.read(length).decode("utf-8", "replace"))
        name, password, wanted = ((given.get(key) or [""])[0] for key in ("user", "password", "next"))
        after = wanted if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) else "/"
        token = self.server.admit(name, password, self.client_address[0])
        if token is None:
            self._form(HTTPStatus.TOO_MANY_REQUESTS, after, "Too many tries. Wait a quarter of an hour.")
        elif not token:
            self._form(HTTPStatus.UNAUTHORIZED, after, "Name or password is wrong.")
        else:
            flags = f"HttpOnly; SameSite=Strict; Path=/; Max-Age={3600 * HOURS}"
            self._redirect(after, f"{COOKIE}={token}; {flags}")

    def _get(self, *, body: bool) -> None:
        path = self._path()
        if self.server.sessions.user(self._token()) is None:
            self._form(HTTPStatus.UNAUTHORIZED, self.path if body else "/", "")
        elif path == "/":
            names = "".join(f'<li><a href="/{html.escape(n)}/">{html.escape(n)}</a>' for n in sorted(self.server.sites))
            out = '<form method="post" action="/logout"><button>Log out</button></form>'
            self._page(HTTPStatus.OK, "Studies", f"<ul>{names}</ul>{out}")
        else:
            self._file(path, body=body)

    def _path(self) -> str:
        """The path that is asked for; of an address that is none, nothing that is there."""
        try:
            return unquote(urlsplit(self.path).path)
        except ValueError:
            return "/?"

    def _file(self, path: str, *, body: bool) -> None:
        study, slash, inside = path.removeprefix("/").partition("/")
        www = self.server.sites.get(study)
        if www is None:
            self._page(HTTPStatus.NOT_FOUND, "Not found", '<p>There is no such study. <a href="/">All studies</a></p>')
            return
        home = f"/{quote(study, safe='')}/"
        if not slash:
            self._redirect(home)
            return
        file = _inside(www, inside or "index.html")
        if file is None:
            self._page(HTTPStatus.NOT_FOUND, "Not found", f'<p><a href="{home}">To the study</a></p>')
            return
        about = file.stat()
        stamp = formatdate(about.st_mtime, usegmt=True)
        if self.headers.get("If-Modified-Since") == stamp:
            self._head(HTTPStatus.NOT_MODIFIED, {"Last-Modified": stamp})
            return
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        kind += "; charset=utf-8" if kind.startswith("text/") else ""
        first, length, status = self._part(about.st_size, stamp)
        headers = {"Content-Type": kind, "Content-Length": str(length), "Last-Modified": stamp}
        headers["Accept-Ranges"] = "bytes"
        if status == HTTPStatus.PARTIAL_CONTENT:
            headers["Content-Range"] = f"bytes {first}-{first + length - 1}/{about.st_size}"
        elif status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            headers["Content-Range"] = f"bytes */{about.st_size}"
        self._head(status, headers)
        if body:
            self._send(file, first, length)

    def _part(self, size: int, stamp: str) -> tuple[int, int, HTTPStatus]:
        """First byte, length and status of what is asked for of a file: all of it, or one range (RFC 9110, 14)."""
        asked = _RANGE.fullmatch(self.headers.get("Range") or "")
        if asked is None or self.headers.get("If-Range", stamp) != stamp:
            return 0, size, HTTPStatus.OK
        first, last, final = asked.groups()
        start = max(size - int(final), 0) if final else int(first)
        end = min(int(last), size - 1) if last else size - 1
        if last and int(last) < start:
            return 0, size, HTTPStatus.OK
        if start > end:
            return 0, 0, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        return start, end - start + 1, HTTPStatus.PARTIAL_CONTENT

    def _send(self, file: Path, first: int, length: int) -> None:
        with file.open("rb") as source:
            source.seek(first)
            while length > 0 and (piece := source.read(min(length, PIECE))):
                self.wfile.write(piece)
                length -= len(piece)
        self.close_connection |= length > 0

    def _token(self) -> str:
        """The token of the session; cookies of other programs on this machine come along, of any form."""
        for cookie in (self.headers.get("Cookie") or "").split(";"):
            name, _, value = cookie.strip().partition("=")
            if name == COOKIE:
                return value
        return ""

    def _form(self, status: HTTPStatus, after: str, error: str) -> None:
        told = f'<p class="error" role="alert">{html.escape(error)}</p>' if error else ""
        self._page(status, "Log in", FORM.format(error=told, next=html.escape(after, quote=True)))

    def _page(self, status: HTTPStatus, title: str, body: str) -> None:
        text = PAGE.format(title=title, body=body).encode()
        self._head(status, {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(text))})
        if self.command != "HEAD":
            self.wfile.write(text)

    def _redirect(self, to: str, cookie: str = "") -> None:
        more = {"Set-Cookie": cookie} if cookie else {}
        where = quote(to, safe="/?#[]@!$&'()*+,;=%:~")
        self._head(HTTPStatus.SEE_OTHER, {"Location": where, "Content-Length": "0", **more})

    def _head(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.send_response(status)
        if self._is_unread(status):
            headers = {**headers, "Connection": "close"}
        for name, value in {**HEADERS, **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _is_unread(self, status: HTTPStatus) -> bool:
        """Whether a body may wait in the connection, where it would be taken for the next request."""
        told = "Transfer-Encoding" in self.headers or self.headers.get("Content-Length", "0") != "0"
        is_read = self._path() == "/login" and self.command == "POST" and status != HTTPStatus.BAD_REQUEST
        return told and not is_read


def _inside(www: Path, path: str) -> Path | None:
    """The file of a path below a folder; None where there is none, or it is elsewhere."""
    try:
        file = (www / path).resolve()
        file = file / "index.html" if file.is_dir() else file
        return file if file.is_relative_to(www.resolve()) and file.is_file() else None
    except (OSError, ValueError):  # a name that no file can have: too long, or with a zero in it
        return None
