"""Loading: from the choice of a file, or the finding of one, to the policy."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from harvdiag.config.find import NAMES, SECTION, find_config
from harvdiag.core.errors import ConfigError, UsageError
from harvdiag.core.policy import Known, Policy

__all__ = ["VARIABLE", "Choice", "find_settings", "load_policy"]

VARIABLE = "HARVDIAG_CONFIG"
"""The variable of the environment that names a file."""
MOST = 1 << 20
"""Bytes that a file of settings may have."""
Choice = str | os.PathLike[str] | bool | None
"""A file; None or True: the one that is found; False: none."""


def load_policy(choice: Choice, known: Callable[[], Known]) -> Policy:
    """Return what the file says; an empty policy where there is no file, or none is wanted.

    Without a choice, it is the file that the environment names, else the one that is found (`find_config`). `known` is
    asked for what it may name only where there is one. Raises ConfigError with all mistakes, UsageError for a file
    that cannot be read.
    """
    if choice is False:
        return Policy()
    given = None if choice is True else choice or os.environ.get(VARIABLE) or None
    file = Path(given) if given is not None else _find()
    if file is None:
        return Policy()
    return _read(file if given is not None else Path(_shown(file)), known, found=given is None)


def find_settings(choice: Choice = None) -> Path | None:
    """Return the file that `load_policy` would read, for another process; an empty one where none is wanted."""
    if choice is False:
        return Path(os.devnull)
    given = None if choice is True else choice or os.environ.get(VARIABLE) or None
    return Path(given).absolute() if given is not None else _find()


def _find() -> Path | None:
    try:
        folder = Path.cwd()
    except OSError:  # it was deleted
        return None
    try:
        home = Path.home()
    except RuntimeError:
        home = None
    return find_config(folder, home)


def _read(file: Path, known: Callable[[], Known], found: bool) -> Policy:
    from harvdiag.config.build import build_policy  # here, as most commands find no file
    from harvdiag.config.lines import Lines

    text = _read_text(file)
    table = _parse(file, text)
    inner = None if file.name == NAMES[0] else _dig(table)
    if inner is None and file.name == NAMES[1]:
        if found:
            return Policy()
        raise ConfigError([f"{file}: it has no table [{'.'.join(SECTION)}]"])
    lines = Lines("" if inner is None else f"{'.'.join(SECTION)}.", text)
    policy, mistakes = build_policy(table if inner is None else inner, known(), _today())
    if mistakes:
        told = sorted((lines.find(mistake.section, mistake.number, mistake.key), mistake) for mistake in mistakes)
        raise ConfigError(f"{file}{f':{line}' if line else ''}: {mistake}" for line, mistake in told)
    return policy.named(_shown(file))


def _read_text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(MOST + 1)
    except (OSError, ValueError) as error:
        raise UsageError(f"the settings {file} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > MOST:
        raise UsageError(f"the settings {file} cannot be read: larger than 1 MB, so not a file of settings")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError([f"{file}:{line}: the text is not UTF-8: save it as UTF-8"]) from None


def _parse(file: Path, text: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ConfigError([f"{file}: it nests too deep"]) from None
    except ValueError as error:  # also a number with too many digits
        said, mark, place = str(error).partition(" (at ")
        numbers = re.findall(r"\d+", place) or ([str(text.count("\n") + 1)] if mark else [])
        raise ConfigError([f"{':'.join([str(file), *numbers])}: not valid TOML: {said}"]) from None


def _dig(table: dict[str, Any]) -> Any:
    """The section of a project's file; None where there is none."""
    outer, inner = SECTION
    tools = table.get(outer)
    return tools.get(inner) if isinstance(tools, dict) else None


def _today() -> date:
    """The day by the clock of the person, in UTC: an expiry is about people, and the same for all of them."""
    return datetime.now(UTC).date()


def _shown(file: Path) -> str:
    """The name as reports have it, which are handed on: without folders of this machine."""
    try:
        folder, whole = Path.cwd(), file.resolve()
    except OSError:
        return file.name
    above = (folder.resolve(), *folder.resolve().parents)
    return f"{'../' * above.index(whole.parent)}{file.name}" if whole.parent in above else file.name
