"""Kubeconfig: the entries of one context, its cluster and its user, from all files.

Read here and not by the `kubernetes` client, which puts whole entries, with their tokens, into its errors. No error
raised here contains more of a kubeconfig than the names of files, entries and fields.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harvdiag.core.errors import AccessError
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.io.api.configfiles import ConfigFile, misplaced_error, read_bounded, read_files

__all__ = ["Entry", "ResolvedContext", "list_contexts", "resolve_context"]

FEW = 8  # contexts that are listed in one line
SECTIONS = {"contexts": "context", "clusters": "cluster", "users": "user"}
MOST = 1 << 20
"""Bytes of a file that a kubeconfig names: a token, a certificate, a key."""


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
        if value is None or isinstance(value, str):
            return value or ""
        raise self.error(f"its {key} {_not_a_string(value)}")

    def get_texts(self, key: str) -> list[str]:
        """Return a field that is a list of strings."""
        value = self.get_value(key)
        if value is None or (isinstance(value, list) and all(isinstance(item, str) for item in value)):
            return list(value or ())
        raise self.error(f"its {key} is not a list of strings{_quoting_hint(value)}")

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
            return read_bounded(path, MOST) if path else b""
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "invalid path"
        # Not raised above: the system's error, which contains the path, would be attached.
        raise self.error(f"the file in its {key} cannot be read: {why}")

    def error(self, wrong: str) -> AccessError:
        """Return an error that names the file and the entry."""
        return AccessError(f"{self.file}: {self.what}: {wrong}")


@dataclass(frozen=True, kw_only=True)
class ResolvedContext:
    """A context with its cluster and its user, and remarks on what was not read of the kubeconfig."""

    name: str
    user_name: str
    namespace: str
    cluster: Entry
    user: Entry
    notes: tuple[str, ...] = ()


def resolve_context(kubeconfig: str | os.PathLike[str] | None, context: str | None) -> ResolvedContext | None:
    """Return the context of that name, else the current one; None without any kubeconfig.

    Of several files the first wins, for the current context and for entries of one name, as in kubectl.
    """
    files = read_files(kubeconfig)
    if not files:
        return None
    entries = {section: _collect_entries(files, section) for section in SECTIONS}
    notes = tuple(note for file in files for note in file.notes)
    remarks = "".join(f"; {note}" for note in notes)
    if not entries["contexts"]:
        where = ", ".join(str(file.path) for file in files)
        raise AccessError(f"{where}: has no contexts, so it names no cluster; download a new kubeconfig{remarks}")
    name = context or _current_context(files, list(entries["contexts"]))
    chosen = entries["contexts"].get(name)
    if chosen is None:
        hint = (
            did_you_mean(suggest_names(name, set(entries["contexts"])))
            or f"; there are: {_join_names(list(entries['contexts']))}"
        )
        raise AccessError(f"no context {name!r} in the kubeconfig{remarks}{hint}")
    return ResolvedContext(
        name=name,
        user_name=chosen.get_text("user"),
        namespace=chosen.get_text("namespace"),
        cluster=_find_entry(chosen, "cluster", entries["clusters"]),
        user=_find_entry(chosen, "user", entries["users"]),
        notes=notes,
    )


def list_contexts(kubeconfig: str | os.PathLike[str] | None = None) -> list[str]:
    """Return the names of all contexts; none if no kubeconfig can be read."""
    try:
        return list(_collect_entries(read_files(kubeconfig), "contexts"))
    except (AccessError, OSError):
        return []


def _collect_entries(files: Sequence[ConfigFile], section: str) -> dict[str, Entry]:
    """The entries of all files by name; the first file that has one wins. Raises AccessError as kubectl does."""
    entries: dict[str, Entry] = {}
    for file in files:
        rows = file.fields.get(section) or []
        if not isinstance(rows, list):
            raise misplaced_error(file.path)
        own: dict[str, Entry] = {}
        for row in rows:
            if isinstance(row, dict) and (name := _entry_name(file.path, row, SECTIONS[section])):
                what = f"{SECTIONS[section]} {name}"
                if name in own:
                    raise AccessError(
                        f"{file.path}: duplicate name: there are two entries for {what}; remove or rename one"
                    )
                own[name] = Entry(file.path, what, _entry_fields(row, SECTIONS[section]))
        entries |= {name: entry for name, entry in own.items() if name not in entries}
    return entries


def _entry_name(file: Path, row: Mapping[str, Any], kind: str) -> str:
    name = row.get("name")
    if name is not None and not isinstance(name, str):
        raise AccessError(f"{file}: the name of a {kind} {_not_a_string(name)}")
    return name or ""


def _entry_fields(row: Mapping[str, Any], kind: str) -> Any:
    """The fields of an entry; if they are beside it instead of below it, a value that is not a mapping."""
    beside = row.get(kind) is None and set(row) - {"name", kind}
    return () if beside else row.get(kind)


def _not_a_string(value: Any) -> str:
    """What a value is that should be a string; never the value itself."""
    return f"is not a string{_quoting_hint(value)}"


def _quoting_hint(value: Any) -> str:
    """What to do about a number or a word for true or false, in a list or alone."""
    scalars = value if isinstance(value, list) else [value]
    if any(isinstance(item, bool) for item in scalars):
        return " but true or false to kubectl: put it in quotes"
    return " but a number to kubectl: put it in quotes" if any(isinstance(i, int | float) for i in scalars) else ""


def _current_context(files: Sequence[ConfigFile], names: Sequence[str]) -> str:
    for file in files:
        if name := file.fields.get("current-context"):
            if not isinstance(name, str):
                raise AccessError(f"{file.path}: its current-context {_not_a_string(name)}")
            return name
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
    return ", ".join(names[:FEW]) + (", …" if len(names) > FEW else "")
