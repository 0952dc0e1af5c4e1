"""What a learner has done so far: a small file in the working folder, and the table of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from harvdiag.core.errors import UsageError
from harvdiag.io.whole import write_whole

__all__ = ["FILE", "Done", "Keeper"]

FILE = "harvdiag-progress.json"
SCHEMA = 1
MOST = 1_000_000
"""The largest file that is read, in bytes."""


@dataclass(frozen=True)
class Done:
    """What was done of one exercise: different wrong answers (their digests), hints that were given, and its end."""

    wrong: Sequence[str] = ()
    hints: int = 0
    solved: bool = False
    shown: bool = False
    """Whether the solution was shown before it was solved."""


class Keeper:
    """The file of the progress. One that cannot be read is set aside; where none can be written, memory serves."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._remark = ""
        self._memory: dict[str, Done] | None = None

    def read(self) -> dict[str, Done]:
        """Return what was done, by exercise; nothing where there is no file."""
        if self._memory is not None:
            return dict(self._memory)
        try:
            return _parse(self.path)
        except FileNotFoundError:
            return {}
        except OSError as error:
            self._remark = f"{FILE} cannot be read ({error.strerror}): progress is not kept."
            self._memory = {}
        except UsageError:
            self._set_aside()
        return {}

    def write(self, exercise: str, done: Done) -> None:
        """Keep what was done of one exercise."""
        kept = {**self.read(), exercise: done}
        document = {"schema": SCHEMA, "exercises": {key: asdict(kept[key]) for key in sorted(kept)}}
        try:
            if self._memory is None:
                write_whole(self.path, f"{json.dumps(document, indent=1)}\n".encode())
                return
        except OSError as error:
            self._remark = f"{FILE} cannot be written ({error.strerror}): progress is not kept."
        self._memory = kept

    def take_remark(self) -> str:
        """Return in one line what went wrong with the file; empty where all is well. What is over is told once."""
        remark = self._remark
        if self._memory is None:
            self._remark = ""
        return remark

    def _set_aside(self) -> None:
        """Rename a file that is broken, to a name that is free."""
        aside = self.path.with_suffix(".broken.json")
        number = 2
        while aside.exists():
            aside, number = self.path.with_suffix(f".broken-{number}.json"), number + 1
        try:
            self.path.rename(aside)
            self._remark = f"{FILE} could not be read: it is {aside.name} now, and progress begins again."
        except OSError as error:
            self._remark = f"{FILE} could not be read, nor renamed ({error.strerror}): progress is not kept."
            self._memory = {}


def _parse(path: Path) -> dict[str, Done]:
    """Raises OSError, and UsageError for a file of another form."""
    with path.open("rb") as stream:
        data = stream.read(MOST + 1)
    try:
        document = json.loads(data) if len(data) <= MOST else None
    except (ValueError, RecursionError):
        document = None
    entries = document.get("exercises") if isinstance(document, dict) else None
    if not isinstance(entries, dict):
        raise UsageError(f"{path.name} has another form")
    return {key: _parse_entry(path, value) for key, value in entries.items()}


def _parse_entry(path: Path, value: Any) -> Done:
    """One exercise. What a newer harvdiag adds is left out."""
    known = {each.name: value.get(each.name) for each in fields(Done)} if isinstance(value, dict) else {}
    given = {key: each for key, each in known.items() if each is not None}
    done = replace(Done(), **given)
    wrong_form = not isinstance(done.wrong, list | tuple) or not all(isinstance(each, str) for each in done.wrong)
    if not known or wrong_form or type(done.hints) is not int or not {type(done.solved), type(done.shown)} <= {bool}:
        raise UsageError(f"{path.name} has another form")
    return done
