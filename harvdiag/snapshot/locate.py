"""One object by kind and name, as a person gives them, and the error where there is none."""

from __future__ import annotations

from harvdiag.core.errors import UsageError
from harvdiag.core.fields import Obj, name_of, namespace_of
from harvdiag.core.model import ObjectRef
from harvdiag.core.suggest import did_you_mean, join_names, suggest_names
from harvdiag.kinds import CATALOGUE
from harvdiag.kinds.wanted import Wanted
from harvdiag.snapshot import Snapshot

__all__ = ["find_ref", "not_found_error", "object_named"]

FEW = 4
"""The most names that are all suggested where the given one resembles none of them."""


def find_ref(snapshot: Snapshot, kind: str, name: str, namespace: str | None) -> ObjectRef:
    """Return the object of that name; without a namespace in the kind's home, else wherever one has the name.

    Raises UsageError for an unknown kind, and where several namespaces have an object of the name.
    """
    kind = snapshot.resolve_kind(kind).name
    home = CATALOGUE[kind].home if kind in CATALOGUE else ""
    ref = ObjectRef(kind, home if namespace is None else namespace, name)
    if namespace is not None or snapshot.get(ref) is not None:
        return ref
    spaces = [namespace_of(obj) for obj in snapshot.objects(kind) if name_of(obj) == name]
    if len(spaces) > 1:
        raise UsageError(f"{kind} {name!r} is in the namespaces {join_names(spaces)}: name one with namespace=")
    return ref._replace(namespace=spaces[0]) if spaces else ref


def not_found_error(snapshot: Snapshot, ref: ObjectRef) -> UsageError:
    """Return the error for an object that does not exist, or whose kind was not seen."""
    if gap := snapshot.gap(ref.kind):
        return UsageError(f"{ref}: this kind was not seen in {snapshot.manifest.name} ({gap})")
    names = {name_of(obj) for obj in snapshot.objects(ref.kind)}
    hint = did_you_mean(suggest_names(ref.name, names) or (sorted(names) if len(names) <= FEW else ()))
    return UsageError(f"no {ref.kind} {ref.name!r} in {snapshot.manifest.name}{hint}")


def object_named(snapshot: Snapshot, ref: ObjectRef) -> Obj | None:
    """Return one object, or None; of a large kind without reading the others."""
    if ref.kind in CATALOGUE and CATALOGUE[ref.kind].lazy and ref.kind not in snapshot.loaded:
        wanted = Wanted(namespace=ref.namespace, names=(ref.name,))
        return next((obj for obj in snapshot.find(ref.kind, wanted).objects if name_of(obj) == ref.name), None)
    return snapshot.get(ref)
