"""Kubeconfig files: which are read, and what is in them, as kubectl finds them.

No error raised here contains anything of a file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from harvdiag.core.errors import AccessError
from harvdiag.io.api.goyaml import load_first

__all__ = ["ConfigFile", "misplaced_error", "read_bounded", "read_files", "searched_paths"]

MOST = 16 << 20
"""Bytes of a kubeconfig; a hundred contexts with certificates are about one MiB."""
USUAL = "~/.kube/config"
KIND = re.compile(r"[A-Z][A-Za-z]{0,62}")
UNWRAP = (
    "is a Secret, not a kubeconfig: save what it holds to a file "
    "(`kubectl get secret NAME -n NAMESPACE -o jsonpath='{.data.KEY}' | base64 -d`) and give that"
)
UNWRAP_MAP = (
    "is a ConfigMap, not a kubeconfig: save what it holds to a file "
    "(`kubectl get configmap NAME -n NAMESPACE -o jsonpath='{.data.KEY}'`) and give that"
)


class ConfigFile(NamedTuple):
    """The first document of one file, and whether others follow in it, which are not read."""

    path: Path
    fields: dict[str, Any]
    more: bool

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not read of it."""
        return (f"{self.path}: only the first of its documents is read, as by kubectl",) if self.more else ()


def read_files(kubeconfig: str | os.PathLike[str] | None) -> list[ConfigFile]:
    """Read the file that is given, else those of ``KUBECONFIG``, else the usual one; empty if there is none.

    An empty name is none, as to kubectl.

    Raises AccessError for one that is not a kubeconfig, or if all are empty.
    """
    paths = list(_find_paths(kubeconfig))
    files = [file for path in paths if (file := _read_file(path)) is not None]
    if paths and not files:
        raise AccessError(f"{paths[0]}: is empty, not a kubeconfig")
    return files


def searched_paths() -> str:
    """Say where no kubeconfig was found."""
    named = os.environ.get("KUBECONFIG", "")
    return f"KUBECONFIG is set to {named}, which does not exist" if named else f"{USUAL} does not exist"


def read_bounded(path: Path, most: int = MOST) -> bytes:
    """Read a file; raises OSError, as for one that cannot be read, if it does not end within `most` bytes."""
    with path.open("rb") as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise OSError(0, f"it has more than {most >> 20} MiB")
    return data


def misplaced_error(path: Path) -> AccessError:
    """Return the error for a file whose content is not where a kubeconfig has it."""
    return AccessError(
        f"{path}: invalid kubeconfig: its clusters, users and contexts are not where a kubeconfig has them"
    )


def _find_paths(kubeconfig: str | os.PathLike[str] | None) -> Iterator[Path]:
    """The files that exist, in order of precedence. Raises AccessError for a folder."""
    if kubeconfig is not None and os.fspath(kubeconfig):
        path = _expand_path(kubeconfig)
        if not path.exists():
            raise AccessError(f"{path}: no such file")
        yield _refuse_folder(path)
        return
    named = os.environ.get("KUBECONFIG", "")
    parts = named.split(os.pathsep) if named else [USUAL]
    for path in (_expand_path(part) for part in parts if part):
        if path.exists():
            yield _refuse_folder(path, "KUBECONFIG names it, and " if named else "")


def _refuse_folder(path: Path, lead: str = "") -> Path:
    if not path.is_dir():
        return path
    inside = next((name for name in ("config", "kubeconfig", "kubeconfig.yaml") if (path / name).is_file()), "")
    hint = f"give {path / inside}" if inside else "give the file in it"
    raise AccessError(f"{path}: {lead}it is a folder, not a kubeconfig: {hint}")


def _expand_path(text: str | os.PathLike[str]) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:  # no such user, so no such path
        return Path(text)


def _read_file(path: Path) -> ConfigFile | None:
    """Read one file; None if it holds nothing but comments."""
    try:
        data = read_bounded(path)
    except OSError as error:
        raise AccessError(f"{path}: cannot be read: {error.strerror}") from None
    if data.startswith(b"PK\x03\x04"):
        raise AccessError(f"{path}: is a zip archive, not a kubeconfig: give a support bundle as the SOURCE")
    document, problem, more = load_first(data)
    if problem:
        raise AccessError(f"{path}: not a kubeconfig: {problem}")
    if document is None and more:
        raise AccessError(f"{path}: its first document is empty, and kubectl reads only that: remove the first `---`")
    if document is None:
        return None
    if not isinstance(document, dict):
        raise misplaced_error(path)
    if wrong := _wrong_kind(document):
        raise AccessError(f"{path}: {wrong}")
    return ConfigFile(path, document, more)


def _wrong_kind(document: dict[str, Any]) -> str:
    """What a document is that has another `kind` than a kubeconfig's; empty if it may be one."""
    kind = document.get("kind")
    if kind in (None, "", "Config"):
        return "" if document.get("apiVersion") in (None, "", "v1") else "its apiVersion is not v1, as of a kubeconfig"
    if kind == "Secret":
        return UNWRAP
    if kind == "ConfigMap":
        return UNWRAP_MAP
    if kind == "Status":
        return (
            "is a Status, the answer of a server to a request that failed, not a kubeconfig: fetch the kubeconfig again"
        )
    if not isinstance(kind, str) or not KIND.fullmatch(kind):
        return "is not a kubeconfig: it is of another kind"
    return f"is of kind {kind}, not a kubeconfig; what `kubectl get` wrote is given as the SOURCE"
