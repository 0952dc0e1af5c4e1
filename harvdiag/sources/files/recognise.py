"""What a file is that holds no objects to use: one entry a kind of file, with how to tell it, and what to do.

The first entry that fits counts. A value is what one document of a text holds, `text` the first part of a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from harvdiag.core.escape import escape_text
from harvdiag.kinds import CATALOGUE, qualified_name

__all__ = ["SECRET", "TEMPLATE", "Foreign", "begins_otherwise", "describe_text", "recognise_text", "recognise_value"]

AGAIN = "write or copy it again"
KUBECTL = "give what `kubectl get … -o yaml` writes"


class Foreign(NamedTuple):
    """What a file or document is, in the words after "is", and the one thing to do; `ours`: it should be replaced.

    What is not ours may well lie in a folder, and no list suffers from it.
    """

    what: str
    remedy: str
    ours: bool = False

    def __str__(self) -> str:
        return f"is {self.what}: {self.remedy}"


SECRET = Foreign("a Secret, whose content is neither read nor kept", f"{KUBECTL} of other kinds")
TEMPLATE = Foreign("a template, with gaps in braces", KUBECTL)
PYTHON = Foreign(
    "the Python client's own form (api_version for apiVersion, and the like)",
    "give what its sanitize_for_serialization makes, or kubectl's -o yaml",
    ours=True,
)


class _Entry(NamedTuple):
    """One kind of document: whether a value is one, and what to tell of it."""

    fits: Callable[[Any], bool]
    tell: Callable[[Any], Foreign]


def _always(what: str, remedy: str, ours: bool = False) -> Callable[[Any], Foreign]:
    return lambda _: Foreign(what, remedy, ours)


def _kind(*names: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and value.get("kind") in names


def _has(*keys: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(key in value for key in keys)


def _is_kubeconfig(value: Any) -> bool:
    if not isinstance(value, dict) or "items" in value or "metadata" in value:
        return False
    parts = [key for key in ("clusters", "contexts", "users") if isinstance(value.get(key), list)]
    return len(parts) >= 2 or (value.get("kind") == "Config" and bool(parts or "current-context" in value))


def _is_report(value: Any) -> bool:
    """A report or a picture's data of harvdiag: each says which schema it follows, and what wrote it."""
    if not isinstance(value, dict) or not isinstance(value.get("schema"), int):
        return False
    tool = value.get("tool")
    return (isinstance(tool, dict) and tool.get("name") == "harvdiag") or "harvdiag" in str(value.get("format", ""))


_SNAKES = ("creation_timestamp", "resource_version", "owner_references", "self_link", "managed_fields")


def _is_python_form(value: Any) -> bool:
    """Keys in the style of Python: of the document, of its metadata, or of its first item."""
    if not isinstance(value, dict):
        return False
    items = value.get("items")
    metadata = value.get("metadata")
    return (
        "api_version" in value
        or (isinstance(metadata, dict) and any(key in metadata for key in _SNAKES))
        or (isinstance(items, list) and bool(items) and _is_python_form(items[0]))
    )


def _is_go_form(value: Any) -> bool:
    """The fields of Go's or .NET's types, as an encoder writes them that knows no JSON names."""
    lower = {str(key).lower() for key in value} if isinstance(value, dict) else set()
    return bool({"objectmeta", "typemeta", "listmeta"} & lower) or _has("ApiVersion", "Metadata")(value)


def _tell_status(value: Any) -> Foreign:
    code = value.get("code")
    said = " ".join(str(value.get("message") or value.get("reason") or "no message").split())
    shown = escape_text(said if len(said) <= _LONG else f"{said[:_LONG]}…")
    number = f" ({code})" if isinstance(code, int) else ""
    remedy = _STATUS.get(code if isinstance(code, int) else 0, "run the command again")
    if value.get("status") == "Success":
        return Foreign("an answer of the server without objects", KUBECTL, ours=True)
    return Foreign(f"an error answer of the server: {shown}{number}", remedy, ours=True)


_LONG = 200
_STATUS = {
    401: "log in again and repeat the command",
    403: "repeat the command as a user who may list this kind",
    404: "the server lacks this kind or object: leave it out",
    410: "the list or watch was too old: repeat the command",
}


def _tell_kindless(value: Any) -> Foreign:
    what = "a list" if isinstance(value, list) else "text" if isinstance(value, str) else "a document"
    return Foreign(f"{what} without `kind`", KUBECTL)


def _is_kindless(value: Any) -> bool:
    return not isinstance(value, dict) or not isinstance(value.get("kind"), str) or not value["kind"]


def _is_configuration(value: Any) -> bool:
    """A file of a program that follows the form of objects, such as a Kustomization: it has no metadata."""
    group = str(value.get("apiVersion")).rpartition("/")[0]
    known = qualified_name(group, value["kind"]) in CATALOGUE
    return not known and not {"metadata", "items"} & value.keys() and not value["kind"].endswith("List")


def _tell_configuration(value: Any) -> Foreign:
    kind = escape_text(value["kind"][:_LONG])
    return Foreign(f"a {kind} without metadata, as programs have for their configuration", KUBECTL)


def _lacks_items(value: Any) -> bool:
    """A list of which nothing tells what it held. An object whose kind is called so has a name."""
    metadata, kind = value.get("metadata"), value["kind"]
    named = isinstance(metadata, dict) and metadata.get("name")
    return kind.endswith("List") and not named and not ("items" in value and isinstance(value["items"], list | None))


_METADATA = _always("metadata alone, without spec and status", KUBECTL, True)
VALUES = (
    _Entry(_is_kubeconfig, _always("a kubeconfig", "give it with --kubeconfig")),
    _Entry(_is_report, _always("a report of harvdiag", "give the source that it was made from")),
    _Entry(_kind("Status"), _tell_status),
    _Entry(_kind("Table"), _always("a table of the server", "give -o yaml instead", True)),
    _Entry(_is_python_form, lambda _: PYTHON),
    _Entry(_is_go_form, _always("another client's own form", KUBECTL, True)),
    _Entry(_kind("PartialObjectMetadata", "PartialObjectMetadataList"), _METADATA),
    _Entry(
        _kind("APIResourceList", "APIGroupList", "APIGroup", "APIVersions", "APIGroupDiscoveryList"),
        _always("the server's list of its kinds", KUBECTL),
    ),
    _Entry(_has("swagger", "paths"), _always("the server's description of its API", KUBECTL)),
    _Entry(_has("openapi", "paths"), _always("the server's description of its API", KUBECTL)),
    _Entry(
        lambda value: _has("type", "data")(value) and value["type"] == "collection",
        _always("an answer of Rancher's own API", KUBECTL, True),
    ),
    _Entry(
        lambda value: _is_kindless(value) and _has("apiVersion", "name", "version")(value),
        _always("the Chart.yaml of a Helm chart", KUBECTL),
    ),
    _Entry(
        lambda value: _is_kindless(value) and _has("apiVersion", "items")(value),
        _always("a truncated list: no `kind: List` follows its items", AGAIN, True),
    ),
    _Entry(_is_kindless, _tell_kindless),
    _Entry(
        lambda value: str(value.get("apiVersion")).startswith("audit.k8s.io/"),
        _always("an audit log of the API server, or its policy", KUBECTL),
    ),
    _Entry(_is_configuration, _tell_configuration),
    _Entry(_lacks_items, lambda value: Foreign(f"a {escape_text(value['kind'][:_LONG])} without `items`", AGAIN, True)),
)


def recognise_value(value: Any) -> Foreign | None:
    """Return what a document is that holds no objects; None for an object or a list of objects."""
    return next((entry.tell(value) for entry in VALUES if entry.fits(value)), None)


# --- texts that are not documents --------------------------------------------------------------------------------

_lead = re.compile(r"(?:[^\S\n]*\n|.{0,80}[$#>] *kubectl .*\n){0,9}").match  # blank lines, and the command itself
_REPORT = Foreign("a report of harvdiag", "give the source that it was made from")
_TABLE = Foreign("a table as `kubectl get` prints it", "run the same command with -o yaml", ours=True)
_PRINTED = r"\s*\[?\s*\{\s*(?=')"  # how Python prints a dict, or a list of them
TEXTS = tuple(
    (re.compile(pattern, re.MULTILINE).match, foreign)
    for pattern, foreign in (
        (r"\A(?:# )?.{1,300}\n{1,2}(?:support bundle|snapshot|kubectl output|live cluster)\b.{0,300}\n", _REPORT),
        (
            r"\AName: {2,}\S+ *\r?\n(?:.*\n){0,40}?(?:Namespace|Labels|Annotations|Roles|API Version|Kind): ",
            Foreign("what `kubectl describe` writes", "give what `kubectl get … -o yaml` writes instead", ours=True),
        ),
        (r"\A(?:NAMESPACE +)?(?:NAME|LAST SEEN|CURRENT) {2,}[A-Z]", _TABLE),
        (r"\A(?:NAMESPACE +)?NAME *\r?\n", _TABLE),
        (
            r"\ANo resources found",
            Foreign(
                "kubectl's message that there are none",
                "give `kubectl get --raw` of that list, or leave it out",
                ours=True,
            ),
        ),
        (
            r"\A(?:Error from server|[Ee]rror: |Unable to connect to the server|The connection to the server )",
            Foreign("an error message of kubectl", "repeat the command and save what it writes", ours=True),
        ),
        (
            r"(?i:\A\s*<(?:!doctype html|html|head|body))",
            Foreign("a saved HTML page", "save what the command writes, not a page of it"),
        ),
        (rf"(?s:\A{_PRINTED}.{{0,9999}}?'(?:api_version|{'|'.join(_SNAKES)})':)", PYTHON),
        (
            rf"(?s:\A{_PRINTED}'(?:apiVersion|kind|items|metadata)':)",
            Foreign("a Python dict", "write it with json.dumps", ours=True),
        ),
        (r"\A-----BEGIN ", Foreign("a certificate or key", KUBECTL)),
        (
            r"\A(?:[a-z][a-z0-9.-]*/[A-Za-z0-9][\w.:-]*\r?\n)+\Z",
            Foreign("a list of names alone", "run the same command with -o yaml", ours=True),
        ),
    )
)
"""How a text begins, and what it is then, in the order in which it is asked."""


_otherwise = re.compile(rf"\s*<|{_PRINTED}").match


def begins_otherwise(text: str) -> bool:
    """Whether a text begins as no form of objects does, even if an annotation in it looks like one."""
    return _otherwise(text) is not None


def recognise_text(text: str) -> Foreign | None:
    """Return what a text is in which nothing looks like an object, by how it begins; None where that tells nothing."""
    if not text.strip():
        return Foreign("empty", "the command that should write it failed; repeat it", ours=True)
    begin = _lead(text)
    start = text[begin.end() if begin else 0 :]
    return next((foreign for fits, foreign in TEXTS if fits(start)), None)


def describe_text(name: str) -> Foreign:
    """Return what any other text is, by the ending of its name."""
    form = {"yaml": "YAML", "yml": "YAML", "json": "JSON"}.get(name.lower().rpartition(".")[2])
    return Foreign(f"{form} without `kind`" if form else "text without objects", KUBECTL)
