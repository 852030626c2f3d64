"""The server of `dtl serve`: the built sites of all studies, for those who are logged in; everything else is 401."""

from __future__ import annotations

import html
import mimetypes
import shutil
from email.utils import formatdate
from http import HTTPStatus
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from dtl.report.serve import users
from dtl.report.serve.sessions import HOURS, Sessions

COOKIE = "dtl_session"
MOST_BYTES = 4096
"""Longest body of a login."""
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

    daemon_threads = True

    def __init__(self, address: tuple[str, int], sites: dict[str, Path], file: Path) -> None:
        super().__init__(address, Handler)
        self.sites, self.users, self.sessions = sites, users.read(file), Sessions()


class Handler(BaseHTTPRequestHandler):
    """One request; a path is ``/STUDY/...``, ``/`` lists the studies, ``/login`` and ``/logout`` do what they say."""

    server: Server
    server_version, sys_version = "dtl", ""

    def do_GET(self) -> None:
        """Answer with a file, or with the form of the login and 401."""
        self._get(body=True)

    def do_HEAD(self) -> None:
        """As `do_GET`, without the body."""
        self._get(body=False)

    def do_POST(self) -> None:
        """Log in or out."""
        path = urlsplit(self.path).path
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
        length = int(self.headers.get("Content-Length") or 0)
        given = parse_qs(self.rfile.read(min(length, MOST_BYTES)).decode("utf-8", "replace"))
        name, password, wanted = ((given.get(key) or [""])[0] for key in ("user", "password", "next"))
        after = wanted if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) else "/"
        keys = f"user {name}", f"from {self.client_address[0]}"
        if self.server.sessions.closed(*keys):
            self._form(HTTPStatus.TOO_MANY_REQUESTS, after, "Too many tries. Wait a quarter of an hour.")
        elif length > MOST_BYTES or not users.fits(self.server.users, name, password):
            self.server.sessions.failed(*keys)
            self._form(HTTPStatus.UNAUTHORIZED, after, "Name or password is wrong.")
        else:
            token = self.server.sessions.begin(name)
            flags = f"HttpOnly; SameSite=Strict; Path=/; Max-Age={3600 * HOURS}"
            self._redirect(after, f"{COOKIE}={token}; {flags}")

    def _get(self, *, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        if self.server.sessions.user(self._token()) is None:
            self._form(HTTPStatus.UNAUTHORIZED, self.path if body else "/", "")
        elif path == "/":
            names = "".join(f'<li><a href="/{html.escape(n)}/">{html.escape(n)}</a>' for n in sorted(self.server.sites))
            out = '<form method="post" action="/logout"><button>Log out</button></form>'
            self._page(HTTPStatus.OK, "Studies", f"<ul>{names}</ul>{out}")
        else:
            self._file(path, body=body)

    def _file(self, path: str, *, body: bool) -> None:
        study, slash, inside = path.removeprefix("/").partition("/")
        www = self.server.sites.get(study)
        if www is None:
            self._page(HTTPStatus.NOT_FOUND, "Not found", '<p>There is no such study. <a href="/">All studies</a></p>')
            return
        if not slash:
            self._redirect(f"/{study}/")
            return
        file = (www / (inside or "index.html")).resolve()
        file = file / "index.html" if file.is_dir() else file
        if not file.is_relative_to(www.resolve()) or not file.is_file():
            self._page(HTTPStatus.NOT_FOUND, "Not found", f'<p><a href="/{html.escape(study)}/">To the study</a></p>')
            return
        about = file.stat()
        stamp = formatdate(about.st_mtime, usegmt=True)
        if self.headers.get("If-Modified-Since") == stamp:
            self._head(HTTPStatus.NOT_MODIFIED, {"Last-Modified": stamp})
            return
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        kind += "; charset=utf-8" if kind.startswith("text/") else ""
        headers = {"Content-Type": kind, "Content-Length": str(about.st_size), "Last-Modified": stamp}
        self._head(HTTPStatus.OK, headers)
        if body:
            with file.open("rb") as source:
                shutil.copyfileobj(source, self.wfile)

    def _token(self) -> str:
        cookies = SimpleCookie(self.headers.get("Cookie") or "")
        return cookies[COOKIE].value if COOKIE in cookies else ""

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
        self._head(HTTPStatus.SEE_OTHER, {"Location": to, "Content-Length": "0", **more})

    def _head(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**HEADERS, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
