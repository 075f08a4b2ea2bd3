"""What goes wrong with central's own files, in one line: which file, what is wrong with it, what to do."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}
_ANOTHER_KIND = {errno.ENOTDIR, errno.EISDIR, errno.EEXIST}
PUT_BACK = "put it back from a backup (`supplysync restore-server DIR --files-only`)"
"""What to do where a file that never changes is gone, or was changed."""

_NUMBER = re.compile(r"\(os error (\d+)\)")


class FileUnusable(OSError):
    """A file or folder of central's own cannot be used; the text names it and says what to do."""


def altered(path: Path) -> FileUnusable:
    """The error for a file that is not as it was written."""
    return FileUnusable(f"`{path}` was changed after it was written; {PUT_BACK}")


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Raises FileUnusable, naming ``path``, where the operating system refuses something in the body."""
    try:
        yield
    except FileUnusable:
        raise
    except OSError as error:
        raise FileUnusable(in_words(path, error)) from error


def in_words(path: Path, error: OSError) -> str:
    """What the operating system said of ``path``, and what to do."""
    found = _NUMBER.search(str(error))  # other libraries tell it in their text
    number = error.errno if error.errno is not None else int(found[1]) if found else None
    reason = os.strerror(number).lower() if number is not None else str(error).partition("\n")[0]
    return f"`{path}` cannot be used: {reason}; {cure(number)}"


def cure(number: int | None) -> str:
    """What to do about an error number of the operating system."""
    if number in _NO_ROOM:
        return "make room on its disk, and run it again: nothing is lost"
    if number in _NOT_ALLOWED:
        return "let the user who runs this write there; is the disk mounted read-only?"
    if number in _ANOTHER_KIND:
        return "a file is where a folder should be, or the other way round: move it away"
    if number == errno.ENOENT:
        return PUT_BACK
    return "look after its disk, and run it again"
