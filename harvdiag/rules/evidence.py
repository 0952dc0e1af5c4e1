"""Evidence: the fields, absences and host files that a rule shows for what it says."""

from __future__ import annotations

from harvdiag.core.fields import field_path, uid_of
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.kinds import CATALOGUE
from harvdiag.rules.facts import Facts

__all__ = ["gone", "host_signs", "show", "told"]


def host_signs(facts: Facts, node: ObjectRef) -> tuple[Evidence, ...]:
    """Who the host believes to be by its own files, where the source holds them: the Machine it would register as."""
    files = (facts.snapshot.host(node.name) or {}).get("files", {})
    ref = ObjectRef("Host", "", node.name)
    machines = {value for m in facts.pairing.machines for value in (m.name, uid_of(facts.links.objects[m]))}
    signs = [(path, told["machine"]) for path, told in files.items() if told.get("machine")]
    return tuple(
        Evidence(ref, path, f"points to Machine {sign}{'' if sign in machines else ', which does not exist'}")
        for path, sign in signs
    )


def gone(kind: str, namespace: str, name: str) -> Evidence:
    """That an object does not exist, as evidence: no field, no value."""
    return Evidence(ObjectRef(kind, namespace, name), "", None)


def told(facts: Facts, ref: ObjectRef, *columns: str) -> tuple[Evidence, ...]:
    """What columns of the catalogue hold, as evidence: each with the field that is filled, in whichever version."""
    paths = [path for column in CATALOGUE[ref.kind].columns if column.name in columns for path in column.paths]
    return tuple(evidence for evidence in show(facts, ref, *paths) if evidence.value is not None)


def show(facts: Facts, ref: ObjectRef, *paths: str) -> tuple[Evidence, ...]:
    """The fields of an object as evidence; a field that is absent has the value None."""
    obj = facts.links.objects.get(ref) or facts.snapshot.get(ref)
    values = ((path, field_path(path).get(obj)) for path in paths)
    return tuple(Evidence(ref, path, None if value == "" else value) for path, value in values)
