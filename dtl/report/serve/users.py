"""Who may log in: a file of names and scrypt hashes (RFC 7914), made by `dtl serve --add-user`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
from pathlib import Path

from dtl.errors import StoreError

FILE = Path(".dtl-users.json")
"""Where it is, unless ``DTL_USERS`` says otherwise; it is readable by its owner alone and ignored by git."""
N, R, P, LENGTH = 2**15, 8, 1, 32
"""Cost of scrypt: 32 MiB and about a tenth of a second for each try."""
LEAST = 10
"""Fewest characters of a password."""
_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")


def place() -> Path:
    """The file of users."""
    return Path(os.environ.get("DTL_USERS") or FILE)


def add(name: str, password: str, file: Path) -> None:
    """Add a user, or give one another password.

    Raises
    ------
    StoreError
        The name has other characters than letters, digits and ``._@-``, or the password is too short.
    """
    if not _NAME.fullmatch(name):
        raise StoreError(f"serve: {name!r} is no name of a user: letters, digits and . _ @ -, at most 64")
    if len(password) < LEAST:
        raise StoreError(f"serve: the password has {len(password)} characters; at least {LEAST} are needed")
    known, salt = read(file), secrets.token_bytes(16)
    known[name] = {"salt": _text(salt), "hash": _text(_hash(password, salt, N)), "n": str(N)}
    fresh = file.with_name(file.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(known, out, indent=1, sort_keys=True)
    fresh.replace(file)


def read(file: Path) -> dict[str, dict[str, str]]:
    """The users of a file; none where there is no file."""
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as err:
        raise StoreError(f"serve: {file} cannot be read: {err}") from err
    if not isinstance(known, dict):
        raise StoreError(f"serve: {file} holds no users; remove it and add them with `dtl serve --add-user NAME`")
    return known


def fits(known: dict[str, dict[str, str]], name: str, password: str) -> bool:
    """Whether a password is that of a user; an unknown name costs the same time."""
    own = known.get(name)
    salt = base64.b64decode(own["salt"]) if own else b"\0" * 16
    wanted = base64.b64decode(own["hash"]) if own else b"\0" * LENGTH
    return hmac.compare_digest(_hash(password, salt, int(own["n"]) if own else N), wanted) and own is not None


def _hash(password: str, salt: bytes, n: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=R, p=P, maxmem=64 * 1024 * 1024, dklen=LENGTH)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
