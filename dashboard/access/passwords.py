"""What is kept of a password: scrypt of it, with a salt of its own. Nothing here says or logs one."""

from __future__ import annotations

import hashlib
import hmac
import os
import unicodedata
from base64 import b64decode, b64encode

SHORTEST, LONGEST_PASSWORD = 10, 500

_LOG_N, _R, _P = 15, 8, 3
"""32 MB and a quarter of a second: what OWASP advises against those who have stolen the file."""

_ROOM = 1 << 27


class BadPassword(ValueError):
    """A password that is too short, too long, or the name."""


def sealed(name: str, password: str) -> str:
    """What is kept of a new password. Raises BadPassword."""
    if not SHORTEST <= len(password) <= LONGEST_PASSWORD:
        raise BadPassword(f"a password has {SHORTEST} to {LONGEST_PASSWORD} characters; this one has {len(password)}")
    if password.lower() == name.lower():
        raise BadPassword("a password is not the name")
    salt = os.urandom(16)
    made = _scrypt(password, salt, _LOG_N, _R, _P)
    return f"scrypt${_LOG_N}${_R}${_P}${b64encode(salt).decode()}${b64encode(made).decode()}"


def is_right(password: str, kept: str | None) -> bool:
    """Is it the password that this was made of? Where nothing is kept it takes as long to say no."""
    try:
        kind, log_n, r, p, salt, wanted = (kept or _NOBODY).split("$")
        made = _scrypt(password[: LONGEST_PASSWORD + 1], b64decode(salt), int(log_n), int(r), int(p))
        return hmac.compare_digest(made, b64decode(wanted)) and kind == "scrypt" and kept is not None
    except ValueError:  # what is kept is no such text
        return False


def _scrypt(password: str, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    plain = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    return hashlib.scrypt(plain, salt=salt, n=1 << log_n, r=r, p=p, maxmem=_ROOM)


_NOBODY = f"scrypt${_LOG_N}${_R}${_P}${b64encode(os.urandom(16)).decode()}${b64encode(os.urandom(64)).decode()}"
