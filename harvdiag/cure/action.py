"""The grammar of an action: what a person would do, in kubectl's words, or in those of Harvester's UI."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence

from harvdiag.core.errors import UsageError
from harvdiag.core.model import ObjectRef
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.cure.model import Action, Verb
from harvdiag.kinds import CATALOGUE
from harvdiag.snapshot import Snapshot
from harvdiag.snapshot.locate import find_ref, not_found_error, object_named

__all__ = ["FORMS", "GRAMMAR", "parse_action"]

FORMS = (
    "delete KIND NAME",
    "delete host NAME",
    "label KIND NAME KEY=VALUE",
    "label KIND NAME KEY-",
    "annotate KIND NAME KEY=VALUE",
    "annotate KIND NAME KEY-",
    "drain NODE",
    "uninstall NODE",
    "join NODE",
    "register NODE",
    "wait",
)
"""Every form of an action; a namespace is given as with kubectl, ``-n NAMESPACE``, or as ``NAMESPACE/NAME``."""
GRAMMAR = (
    "`delete KIND NAME`, `delete host NAME`, `label KIND NAME KEY=VALUE` or `annotate` likewise (`KEY-` removes), "
    "`drain NODE`, `uninstall NODE`, `join NODE`, `register NODE` or `wait`"
)
"""The forms in one line, for help and errors."""
HOST_WORDS = frozenset({"host", "hosts"})
PASSED = frozenset({"--overwrite"})
"""Options of kubectl that change nothing here."""
KEY = re.compile(
    r"(?:[A-Za-z0-9](?:[-A-Za-z0-9.]{0,251}[A-Za-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", re.ASCII
)
"""A key of a label or an annotation."""
NAME = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?", re.ASCII)
"""A name of a host, which becomes that of its Node."""
VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?", re.ASCII)
"""A value of a label; one of an annotation may be any text."""


def parse_action(text: str, snapshot: Snapshot) -> Action:
    """Return the action that a text tells, its object looked up in the snapshot.

    Raises UsageError, with the grammar, for what is not an action, and for an object that does not exist; one of a kind
    that was not seen may exist.
    """
    words = [word for word in _split(text) if word not in PASSED]
    if words[:1] == ["kubectl"]:
        words = words[1:]
    words, namespace = _take_namespace(words)
    verb, rest = (words[0].lower() if words else ""), words[1:]
    read = READERS.get(verb)
    if read is None:
        raise _wrong(
            f"no action {words[0]!r}{did_you_mean(suggest_names(verb, READERS))}" if words else "no action given"
        )
    return read(snapshot, rest, namespace)


def _wrong(problem: str) -> UsageError:
    return UsageError(f"{problem}{'' if problem.endswith('?') else ';'} an action is {GRAMMAR}")


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        raise _wrong(f"a quotation mark is left open in {text!r}") from None


def _take_namespace(words: Sequence[str]) -> tuple[list[str], str | None]:
    """The other words, and what -n, --namespace or --namespace= gives."""
    rest: list[str] = []
    namespace: str | None = None
    given = iter(words)
    for word in given:
        option, equals, value = word.partition("=")
        if option in {"-n", "--namespace"}:
            namespace = value if equals else next(given, "")
            if not namespace:
                raise _wrong(f"{option} needs a namespace")
        elif word.startswith("-") and len(word) > 1:
            raise _wrong(f"no option {word!r} here")
        else:
            rest.append(word)
    return rest, namespace


def _read_delete(snapshot: Snapshot, words: Sequence[str], namespace: str | None) -> Action:
    if words and words[0].lower() in HOST_WORDS:
        return Action(verb=Verb.DELETE_HOST, ref=_node(snapshot, words[1:], "delete host NAME"))
    ref, rest = _object(snapshot, words, namespace, "delete KIND NAME")
    if rest:
        raise _wrong(f"one object at a time, not {rest[0]!r} too")
    return Action(verb=Verb.DELETE, ref=ref)


def _read_marks(verb: Verb) -> Callable[[Snapshot, Sequence[str], str | None], Action]:
    def read(snapshot: Snapshot, words: Sequence[str], namespace: str | None) -> Action:
        ref, rest = _object(snapshot, words, namespace, f"{verb} KIND NAME KEY=VALUE")
        if not rest:
            raise _wrong(f"{verb} what? `{verb} {ref.kind} {ref.name}` needs KEY=VALUE, or KEY- to remove it")
        return Action(verb=verb, ref=ref, changes=tuple(_change(word, verb) for word in rest))

    return read


def _change(word: str, verb: Verb) -> tuple[str, str | None]:
    key, equals, value = word.partition("=")
    if not equals and key.endswith("-"):
        key = key[:-1]
    elif not equals:
        raise _wrong(f"{word!r} has no value: KEY=VALUE, or {word}- to remove it")
    if not KEY.fullmatch(key):
        raise _wrong(f"{key!r} cannot be the key of a label or an annotation")
    if verb is Verb.LABEL and equals and not VALUE.fullmatch(value):
        raise _wrong(f"{value!r} cannot be the value of a label")
    return key, value if equals else None


def _read_host(verb: Verb) -> Callable[[Snapshot, Sequence[str], str | None], Action]:
    def read(snapshot: Snapshot, words: Sequence[str], _: str | None) -> Action:
        return Action(verb=verb, ref=_node(snapshot, words, f"{verb} NODE"))

    return read


def _read_join(_snapshot: Snapshot, words: Sequence[str], _: str | None) -> Action:
    """The host need not be known: it is new, under a name that may be that of an old one."""
    name = _one_name(words, "join NODE")
    if not NAME.fullmatch(name):
        raise _wrong(f"{name!r} cannot be the name of a host")
    return Action(verb=Verb.JOIN, ref=ObjectRef("Node", "", name))


def _read_wait(_snapshot: Snapshot, words: Sequence[str], _: str | None) -> Action:
    if words:
        raise _wrong(f"`wait` takes nothing, not {words[0]!r}")
    return Action(verb=Verb.WAIT)


def _node(snapshot: Snapshot, words: Sequence[str], form: str) -> ObjectRef:
    return _existing(snapshot, ObjectRef("Node", "", _one_name(words, form)))


def _one_name(words: Sequence[str], form: str) -> str:
    if words and words[0].lower() in {"node", "nodes"} and len(words) > 1:
        words = words[1:]
    if len(words) != 1:
        raise _wrong(f"`{form}` takes one name")
    return words[0]


def _object(
    snapshot: Snapshot, words: Sequence[str], namespace: str | None, form: str
) -> tuple[ObjectRef, Sequence[str]]:
    """The object that is named, ``KIND NAME`` or ``KIND/NAME``, and the other words."""
    if words and "/" in words[0]:
        kind, _, name = words[0].partition("/")
        words = [kind, name, *words[1:]]
    if len(words) < 2 or not words[1]:
        raise _wrong(f"`{form}` needs {'a name' if words else 'a kind and a name'}")
    kind, name = words[:2]
    if "/" in name:
        space, _, name = name.partition("/")
        if namespace not in (None, space):
            raise _wrong(f"two namespaces: {namespace!r} and {space!r}")
        namespace = space
    ref = find_ref(snapshot, kind, name, _namespace_of(snapshot, kind, namespace))
    if ref.kind in CATALOGUE and not CATALOGUE[ref.kind].served:
        raise _wrong(f"{ref.kind} is not a kind of the API")
    return _existing(snapshot, ref), words[2:]


def _namespace_of(snapshot: Snapshot, kind: str, namespace: str | None) -> str | None:
    """The namespace given, as far as the kind is in one; of a large kind its home, so that it need not be read."""
    entry = snapshot.resolve_kind(kind)
    known = entry.name in CATALOGUE
    if namespace is None:
        return entry.home if known and entry.lazy else None
    return "" if known and not entry.home else namespace


def _existing(snapshot: Snapshot, ref: ObjectRef) -> ObjectRef:
    """The object, unless it is known not to exist."""
    if object_named(snapshot, ref) is None and snapshot.gap(ref.kind, namespace=ref.namespace) is None:
        raise not_found_error(snapshot, ref)
    return ref


READERS: dict[str, Callable[[Snapshot, Sequence[str], str | None], Action]] = {
    "delete": _read_delete,
    "label": _read_marks(Verb.LABEL),
    "annotate": _read_marks(Verb.ANNOTATE),
    **{str(verb): _read_host(verb) for verb in (Verb.DRAIN, Verb.UNINSTALL, Verb.REGISTER)},
    "join": _read_join,
    "wait": _read_wait,
}
