"""The key of the pseudonyms: random bytes in a file of the user alone, made when it is first needed.

It never leaves that file: results hold no more than `Key.mark`, from which nothing can be worked out.
"""

from __future__ import annotations

import hmac
import os
import secrets
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkstemp

from harvdiag.core.errors import UsageError

__all__ = ["Key", "default_path", "load_key"]

HEAD = "harvdiag redaction key 1: "
SIZE = 32


@dataclass(frozen=True)
class Key:
    """A key, and the file that holds it. `repr` shows neither the bytes nor anything made of them but the mark."""

    data: bytes = field(repr=False)
    path: Path
    made: bool = False
    """Whether the file was made just now."""
    shared: bool = False
    """Whether others on the machine may read the file; on Windows its mode does not tell."""

    @property
    def mark(self) -> str:
        """Eight digits that tell one key from another, and nothing of it."""
        return self.digest("mark", "").hex()[:8]

    def digest(self, sort: str, value: str) -> bytes:
        """Return the keyed digest of a value of some sort: 32 bytes."""
        return hmac.digest(self.data, f"{sort}\0{value}".encode("utf-8", "surrogatepass"), "sha256")


def default_path() -> Path:
    """Return where the key lies, by the customs of the system: the user's folder for configuration."""
    if sys.platform == "win32":
        base = os.environ.get("APPDATA") or "~/AppData/Roaming"
    else:
        usual = "~/Library/Application Support" if sys.platform == "darwin" else "~/.config"
        base = os.environ.get("XDG_CONFIG_HOME") or usual
    try:
        return Path(base).expanduser() / "harvdiag" / "redaction.key"
    except RuntimeError:
        raise UsageError("there is no home folder to keep the key of pseudonyms in: give --key FILE") from None


def load_key(file: str | os.PathLike[str] | None = None, make: bool = True) -> Key:
    """Return the key in a file, by default the user's own. One that is not there is made, unless `make` is false.

    Raises UsageError, in one line, for a file that cannot be read or written, that is not there, or holds no key.
    """
    path = default_path() if file is None else Path(file).expanduser()
    try:
        if not path.exists():
            if not make:
                raise UsageError(f"there is no key {path}: give the one that made the pseudonyms with --key FILE")
            return Key(_make_file(path), path, made=True)
        shared = sys.platform != "win32" and bool(path.stat().st_mode & 0o077)
        return Key(_read_file(path), path, shared=shared)
    except (OSError, ValueError) as error:
        why = str(getattr(error, "strerror", None) or "not a name that a file can have").lower()
        raise UsageError(f"{path}: the key of pseudonyms cannot be read or written: {why}") from None


def _read_file(path: Path) -> bytes:
    if path.is_dir():
        raise UsageError(f"{path} is a folder, not a key of pseudonyms")
    with path.open("rb") as stream:
        text = stream.read(256).decode("ascii", "replace")
    data = b""
    with suppress(ValueError):
        data = bytes.fromhex(text.removeprefix(HEAD))
    if not text.startswith(HEAD) or len(data) != SIZE:
        raise UsageError(f"{path} holds no key of pseudonyms: give a file that harvdiag made, or a new name")
    return data


def _make_file(path: Path) -> bytes:
    """Write a new key, whole and readable by its owner alone; of two that are written at once, the first counts."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    data = secrets.token_bytes(SIZE)
    handle, name = mkstemp(prefix=".harvdiag-", dir=path.parent)  # of mode 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(f"{HEAD}{data.hex()}\n")
            stream.flush()
            os.fsync(stream.fileno())
        return data if _place_file(Path(name), path) else _read_file(path)
    finally:
        with suppress(OSError):
            Path(name).unlink()


def _place_file(made: Path, path: Path) -> bool:
    """Give a file its name, unless another has it by now; return whether it was given."""
    try:
        os.link(made, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without links
        if path.exists():
            return False
        made.replace(path)
    return True
