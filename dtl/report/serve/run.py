"""The verb `dtl serve`."""

from __future__ import annotations

import getpass
import ipaddress
import sys
from contextlib import suppress
from pathlib import Path

from dtl import layout
from dtl.errors import StoreError
from dtl.report.serve import users
from dtl.report.serve.server import Server


def run(host: str, port: int, add: str | None) -> int:
    """Serve the sites of all studies below ``results`` until interrupted; or add a user and stop.

    Raises
    ------
    StoreError
        There is no site, no user, or the address cannot be used.
    """
    file = users.place()
    if add is not None:
        users.add(add, _password(), file)
        print(f"{file}: {add} may log in")
        return 0
    found = sites()
    if not found:
        raise StoreError("serve: no study has a site yet; `dtl run STUDY` builds one")
    if not users.read(file):
        raise StoreError(f"serve: {file} has no users; `dtl serve --add-user NAME` adds one")
    try:
        server = Server((host, port), found, file)
    except OSError as err:
        raise StoreError(f"serve: {host}:{port} cannot be used: {err.strerror or err}") from err
    print(f"http://{host}:{server.server_address[1]}/  ({len(found)} studies; Ctrl-C ends)")
    if not loopback(host):
        print("others on the network can reach this, and passwords travel as they are: put a proxy with TLS before it")
    with server, suppress(KeyboardInterrupt):
        server.serve_forever()
    return 0


def sites() -> dict[str, Path]:
    """The folder of each built site, by the study's name."""
    index = Path(layout.WWW.format(study="*")) / "index.html"
    return {p.parents[1].name: p.parent for p in sorted(Path().glob(index.as_posix()))}


def loopback(host: str) -> bool:
    """Whether only this machine can reach a host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first, again = getpass.getpass("Password: "), getpass.getpass("Again: ")
    if first != again:
        raise StoreError("serve: the passwords differ")
    return first
