"""Kubeconfig: which files are read, and the entries of one context, its cluster and its user.

Read here and not by the `kubernetes` client, which puts whole entries, with their tokens, into its errors. No error
raised here contains more of a kubeconfig than the names of files, entries and fields.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from harvdiag.core.errors import AccessError
from harvdiag.core.suggest import did_you_mean, suggest_names

__all__ = ["Entry", "ResolvedContext", "list_contexts", "resolve_context", "searched_paths"]

FEW = 8  # contexts that are listed in one line
SECTIONS = {"contexts": "context", "clusters": "cluster", "users": "user"}


class Entry:
    """One context, cluster or user, or a part of it. Its values may be secret, so repr and errors contain none."""

    def __init__(self, file: Path, what: str, values: Any) -> None:
        self.file = file
        self.what = what
        self._values = values

    def __repr__(self) -> str:
        return f"Entry({self.what})"

    def __contains__(self, key: str) -> bool:
        return self.get_value(key) is not None

    def get_value(self, key: str) -> Any:
        """Return a field unchecked; None if it is absent."""
        if self._values is None:
            return None
        if not isinstance(self._values, dict):
            raise self.error("it has no fields; are they indented?")
        return self._values.get(key)

    def field_names(self) -> list[str]:
        """Return the names of its fields."""
        self.get_value("")
        return [str(key) for key in self._values or ()]

    def get_text(self, key: str) -> str:
        """Return a string field; empty if it is absent."""
        value = self.get_value(key)
        if value is None or _is_text(value):
            return "" if value is None else str(value)
        raise self.error(f"its {key} is not a string")

    def get_texts(self, key: str) -> list[str]:
        """Return a field that is a list of strings."""
        value = self.get_value(key)
        if value is None or (isinstance(value, list) and all(map(_is_text, value))):
            return [str(item) for item in value or ()]
        raise self.error(f"its {key} is not a list of strings")

    def get_entries(self, key: str) -> list[Entry]:
        """Return a field that is a list of mappings."""
        value = self.get_value(key)
        if value is None or isinstance(value, list):
            return [Entry(self.file, f"{self.what}, {key}", item) for item in value or ()]
        raise self.error(f"its {key} is not a list")

    def get_entry(self, key: str) -> Entry:
        """Return a field that is a mapping; an empty entry if it is absent."""
        return Entry(self.file, f"{self.what}, {key}", self.get_value(key))

    def get_flag(self, key: str) -> bool:
        """Return a boolean field; False if it is absent."""
        value = self.get_value(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise self.error(f"its {key} is neither true nor false")

    def get_path(self, key: str) -> Path | None:
        """Return a field that is a path, relative to the folder of the kubeconfig."""
        text = self.get_text(key)
        return self.file.absolute().parent / text if text else None

    def read_file(self, key: str) -> bytes:
        """Read the file of a path field; empty without one. Errors omit the path: it may be the key itself."""
        path = self.get_path(key)
        try:
            return path.read_bytes() if path else b""
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "invalid path"
        # Not raised above: the system's error, which contains the path, would be attached.
        raise self.error(f"the file in its {key} cannot be read: {why}")

    def error(self, wrong: str) -> AccessError:
        """Return an error that names the file and the entry."""
        return AccessError(f"{self.file}: {self.what}: {wrong}")


class ResolvedContext(NamedTuple):
    """A context with its cluster and its user."""

    name: str
    user_name: str
    namespace: str
    cluster: Entry
    user: Entry


def resolve_context(kubeconfig: str | os.PathLike[str] | None, context: str | None) -> ResolvedContext | None:
    """Return the context of that name, else the current one; None without any kubeconfig.

    Of several files the first wins, for the current context and for entries of one name, as in kubectl.
    """
    files = list(_find_files(kubeconfig))
    documents = {file: document for file in files if (document := _read_file(file)) is not None}
    if files and not documents:
        raise AccessError(f"{files[0]}: is empty, not a kubeconfig")
    if not documents:
        return None
    entries = {section: _collect_entries(documents, section) for section in SECTIONS}
    name = context or _current_context(documents, list(entries["contexts"]))
    chosen = entries["contexts"].get(name)
    if chosen is None:
        hint = (
            did_you_mean(suggest_names(name, set(entries["contexts"])))
            or f"; there are: {_join_names(list(entries['contexts']))}"
        )
        raise AccessError(f"no context {name!r} in the kubeconfig{hint}")
    cluster, user = _find_entry(chosen, "cluster", entries["clusters"]), _find_entry(chosen, "user", entries["users"])
    return ResolvedContext(name, chosen.get_text("user"), chosen.get_text("namespace"), cluster, user)


def list_contexts(kubeconfig: str | os.PathLike[str] | None = None) -> list[str]:
    """Return the names of all contexts; none if no kubeconfig can be read."""
    try:
        documents = {file: document for file in _find_files(kubeconfig) if (document := _read_file(file)) is not None}
        return list(_collect_entries(documents, "contexts"))
    except (AccessError, OSError):
        return []


def searched_paths() -> str:
    """Say where no kubeconfig was found."""
    named = os.environ.get("KUBECONFIG", "")
    return f"KUBECONFIG is set to {named}, which does not exist" if named else "~/.kube/config does not exist"


def _find_files(kubeconfig: str | os.PathLike[str] | None) -> Iterator[Path]:
    """The files that exist, in order of precedence."""
    if kubeconfig is not None:
        path = _expand_path(kubeconfig)
        if not _is_file(path):
            raise AccessError(f"{path}: {'a folder, not a kubeconfig' if path.is_dir() else 'no such file'}")
        yield path
    elif named := os.environ.get("KUBECONFIG", ""):
        yield from (path for part in named.split(os.pathsep) if part and _is_file(path := _expand_path(part)))
    elif _is_file(usual := _expand_path("~/.kube/config")):
        yield usual


def _expand_path(text: str | os.PathLike[str]) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:  # no such user, so no such path
        return Path(text)


def _is_file(path: Path) -> bool:
    return path.exists() and not path.is_dir()


def _read_file(file: Path) -> dict[str, Any] | None:
    """Read one file; None if it holds nothing but comments."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise AccessError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        text = "\0"
    document, why = _parse_yaml(text)
    if why:
        raise AccessError(f"{file}: not a kubeconfig: {why}")
    if document is None or isinstance(document, dict):
        return document
    raise _misplaced_error(file)


def _parse_yaml(text: str) -> tuple[Any, str]:
    """The YAML value of a text, else what is wrong. The parser's message is dropped: it quotes the text."""
    import yaml

    try:
        return yaml.safe_load(text), ""
    except yaml.reader.ReaderError:
        return None, "it is not text"
    except yaml.MarkedYAMLError as error:
        return None, f"invalid YAML in line {error.problem_mark.line + 1}" if error.problem_mark else "invalid YAML"
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):  # such as the 31st of February
        return None, "invalid YAML"


def _misplaced_error(file: Path) -> AccessError:
    return AccessError(
        f"{file}: invalid kubeconfig: its clusters, users and contexts are not where a kubeconfig has them"
    )


def _collect_entries(documents: Mapping[Path, Mapping[str, Any]], section: str) -> dict[str, Entry]:
    """The entries of all files by name; the first one wins."""
    kind, entries = SECTIONS[section], dict[str, Entry]()
    for file, document in documents.items():
        rows = document.get(section) or []
        if not isinstance(rows, list):
            raise _misplaced_error(file)
        for row in rows:
            if isinstance(row, dict) and _is_text(row.get("name")):
                name = str(row["name"])
                entries.setdefault(name, Entry(file, f"{kind} {name}", _entry_fields(row, kind)))
    return entries


def _entry_fields(row: Mapping[str, Any], kind: str) -> Any:
    """The fields of an entry; if they are beside it instead of below it, a value that is not a mapping."""
    beside = row.get(kind) is None and set(row) - {"name", kind}
    return () if beside else row.get(kind)


def _is_text(value: Any) -> bool:
    """What YAML reads as a number may be meant as text: a token, a name."""
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _current_context(documents: Mapping[Path, Mapping[str, Any]], names: Sequence[str]) -> str:
    for document in documents.values():
        if (name := document.get("current-context")) and _is_text(name):
            return str(name)
    raise AccessError(f"the kubeconfig has no current context; choose one with --context: {_join_names(names)}")


def _find_entry(context: Entry, kind: str, entries: Mapping[str, Entry]) -> Entry:
    """The cluster or the user of a context. Without a user, requests are anonymous, as behind `kubectl proxy`."""
    name = context.get_text(kind)
    if name in entries:
        return entries[name]
    if kind == "user" and not name:
        return Entry(context.file, "user", None)
    raise context.error(f"its {kind} {name!r} is not in the kubeconfig" if name else f"it has no {kind}")


def _join_names(names: Sequence[str]) -> str:
    return ", ".join(names[:FEW]) + (", …" if len(names) > FEW else "") if names else "it has none"
