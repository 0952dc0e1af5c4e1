"""Kubeconfig: the files that are meant, and what they say of one context, its cluster and its user.

Read here and not by the `kubernetes` client, which puts whole entries, with their tokens, into its errors. Nothing
that is raised here holds more of a kubeconfig than the names of files, entries and fields.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from harvdiag.core.errors import AccessError
from harvdiag.core.suggest import either, near

__all__ = ["Chosen", "Entry", "choose", "contexts", "looked_at"]

FEW = 8  # contexts that may all be named in one line
SECTIONS = {"contexts": "context", "clusters": "cluster", "users": "user"}


class Entry:
    """One context, cluster or user, or a part of it. Its values may be secret, so that nothing shows any."""

    def __init__(self, file: Path, what: str, values: Any) -> None:
        self.file = file
        self.what = what
        self._values = values

    def __repr__(self) -> str:
        return f"Entry({self.what})"

    def __contains__(self, key: str) -> bool:
        return self.raw(key) is not None

    def raw(self, key: str) -> Any:
        """A field as it stands; None where it is not there."""
        if self._values is None:
            return None
        if not isinstance(self._values, dict):
            raise self.error("it has no fields; are they indented?")
        return self._values.get(key)

    def fields(self) -> list[str]:
        """The names of its fields."""
        self.raw("")
        return [str(key) for key in self._values or ()]

    def text(self, key: str) -> str:
        """A field that is text; empty where it is not there."""
        value = self.raw(key)
        if value is None or _is_text(value):
            return "" if value is None else str(value)
        raise self.error(f"its {key} is no text")

    def texts(self, key: str) -> list[str]:
        """A field that is a list of texts."""
        value = self.raw(key)
        if value is None or (isinstance(value, list) and all(map(_is_text, value))):
            return [str(item) for item in value or ()]
        raise self.error(f"its {key} is no list of texts")

    def rows(self, key: str) -> list[Entry]:
        """A field that is a list of parts with fields."""
        value = self.raw(key)
        if value is None or isinstance(value, list):
            return [Entry(self.file, f"{self.what}, {key}", item) for item in value or ()]
        raise self.error(f"its {key} is no list")

    def below(self, key: str) -> Entry:
        """A field that has fields itself; none where it is not there."""
        return Entry(self.file, f"{self.what}, {key}", self.raw(key))

    def flag(self, key: str) -> bool:
        """A field that is true or false."""
        value = self.raw(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise self.error(f"its {key} is neither true nor false")

    def path(self, key: str) -> Path | None:
        """A file that is named as seen from the kubeconfig's folder."""
        text = self.text(key)
        return self.file.absolute().parent / text if text else None

    def bytes(self, key: str) -> bytes:
        """What is in such a file; empty where none is named. Its name is not told: it may be the key itself."""
        path = self.path(key)
        try:
            return path.read_bytes() if path else b""
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no path"
        # Not raised above: the system's error, which holds the name, would go along.
        raise self.error(f"the file that its {key} names cannot be read: {why}")

    def error(self, wrong: str) -> AccessError:
        """One that says where."""
        return AccessError(f"{self.file}: {self.what}: {wrong}")


class Chosen(NamedTuple):
    """A context with its cluster and its user."""

    name: str
    user_name: str
    namespace: str
    cluster: Entry
    user: Entry


def choose(kubeconfig: str | os.PathLike[str] | None, context: str | None) -> Chosen | None:
    """The context of that name, else the current one; None where there is no kubeconfig at all.

    Of several files the first counts, for the current context and for entries of one name, as for kubectl.
    """
    files = list(_files(kubeconfig))
    documents = {file: document for file in files if (document := _read(file)) is not None}
    if files and not documents:
        raise AccessError(f"{files[0]}: is empty, no kubeconfig")
    if not documents:
        return None
    entries = {section: _entries(documents, section) for section in SECTIONS}
    name = context or _current(documents, list(entries["contexts"]))
    chosen = entries["contexts"].get(name)
    if chosen is None:
        hint = either(near(name, set(entries["contexts"]))) or f"; there are: {_listed(list(entries['contexts']))}"
        raise AccessError(f"no context {name!r} in the kubeconfig{hint}")
    cluster, user = _of(chosen, "cluster", entries["clusters"]), _of(chosen, "user", entries["users"])
    return Chosen(name, chosen.text("user"), chosen.text("namespace"), cluster, user)


def contexts(kubeconfig: str | os.PathLike[str] | None = None) -> list[str]:
    """The names of the contexts that there are to choose from; none where no kubeconfig can be read."""
    try:
        documents = {file: document for file in _files(kubeconfig) if (document := _read(file)) is not None}
        return list(_entries(documents, "contexts"))
    except (AccessError, OSError):
        return []


def looked_at() -> str:
    """Where there was no kubeconfig."""
    named = os.environ.get("KUBECONFIG", "")
    return f"KUBECONFIG names {named}, which is not there" if named else "there is no ~/.kube/config"


def _files(kubeconfig: str | os.PathLike[str] | None) -> Iterator[Path]:
    """The files that are there, in the order in which they count."""
    if kubeconfig is not None:
        path = _path(kubeconfig)
        if not _is_there(path):
            raise AccessError(f"{path}: {'a folder' if path.is_dir() else 'no such file'}, no kubeconfig")
        yield path
    elif named := os.environ.get("KUBECONFIG", ""):
        yield from (path for part in named.split(os.pathsep) if part and _is_there(path := _path(part)))
    elif _is_there(usual := _path("~/.kube/config")):
        yield usual


def _path(text: str | os.PathLike[str]) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:  # nobody has that name, so nothing has that path
        return Path(text)


def _is_there(path: Path) -> bool:
    return path.exists() and not path.is_dir()


def _read(file: Path) -> dict[str, Any] | None:
    """What a file holds; None for one with nothing but comments."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise AccessError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        text = "\0"
    found, why = _parsed(text)
    if why:
        raise AccessError(f"{file}: is no kubeconfig: {why}")
    if found is None or isinstance(found, dict):
        return found
    raise _misplaced(file)


def _parsed(text: str) -> tuple[Any, str]:
    """What YAML makes of a text, else what is wrong. Its own words are not told: they quote."""
    import yaml

    try:
        return yaml.safe_load(text), ""
    except yaml.reader.ReaderError:
        return None, "it is no text"
    except yaml.MarkedYAMLError as error:
        return None, f"no YAML in line {error.problem_mark.line + 1}" if error.problem_mark else "no YAML"
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):  # such as the 31st of February
        return None, "no YAML"


def _misplaced(file: Path) -> AccessError:
    return AccessError(
        f"{file}: is no usable kubeconfig: its clusters, users and contexts do not stand where a kubeconfig has them"
    )


def _entries(documents: Mapping[Path, Mapping[str, Any]], section: str) -> dict[str, Entry]:
    """The entries of all files by name; of one name the first."""
    kind, found = SECTIONS[section], dict[str, Entry]()
    for file, document in documents.items():
        rows = document.get(section) or []
        if not isinstance(rows, list):
            raise _misplaced(file)
        for row in rows:
            if isinstance(row, dict) and _is_text(row.get("name")):
                name = str(row["name"])
                found.setdefault(name, Entry(file, f"{kind} {name}", _fields(row, kind)))
    return found


def _fields(row: Mapping[str, Any], kind: str) -> Any:
    """The fields of an entry; where they stand beside it instead of below, something that is none."""
    beside = row.get(kind) is None and set(row) - {"name", kind}
    return () if beside else row.get(kind)


def _is_text(value: Any) -> bool:
    """What YAML takes for a number may be meant as text: a token, a name."""
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _current(documents: Mapping[Path, Mapping[str, Any]], names: Sequence[str]) -> str:
    for document in documents.values():
        if (name := document.get("current-context")) and _is_text(name):
            return str(name)
    raise AccessError(f"the kubeconfig names no current context; choose one with --context: {_listed(names)}")


def _of(context: Entry, kind: str, entries: Mapping[str, Entry]) -> Entry:
    """The cluster or the user of a context. One that names no user asks as nobody, as behind `kubectl proxy`."""
    name = context.text(kind)
    if name in entries:
        return entries[name]
    if kind == "user" and not name:
        return Entry(context.file, "user", None)
    raise context.error(f"its {kind} {name!r} is not in the kubeconfig" if name else f"it names no {kind}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:FEW]) + (", …" if len(names) > FEW else "") if names else "it has none"
