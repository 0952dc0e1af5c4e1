"""Evidence: the fields, missing objects and host files by which a rule supports its message."""

from __future__ import annotations

from harvdiag.core.fields import field_path, uid_of
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.kinds import CATALOGUE
from harvdiag.rules.facts import Facts

__all__ = ["column_evidence", "field_evidence", "host_evidence", "missing_evidence"]


def host_evidence(facts: Facts, node: ObjectRef) -> tuple[Evidence, ...]:
    """Return the Machine that the host would register as, by its own files; empty where the source has none of them."""
    files = (facts.snapshot.host(node.name) or {}).get("files", {})
    ref = ObjectRef("Host", "", node.name)
    machines = {value for m in facts.pairing.machines for value in (m.name, uid_of(facts.links.objects[m]))}
    identities = [(path, content["machine"]) for path, content in files.items() if content.get("machine")]
    return tuple(
        Evidence(ref, path, f"references Machine {name}{'' if name in machines else ', which does not exist'}")
        for path, name in identities
    )


def missing_evidence(kind: str, namespace: str, name: str) -> Evidence:
    """Return the evidence that an object does not exist: it has neither field nor value."""
    return Evidence(ObjectRef(kind, namespace, name), "", None)


def column_evidence(facts: Facts, ref: ObjectRef, *columns: str) -> tuple[Evidence, ...]:
    """Return the values of columns of the catalogue, each with the field that has it in the object's API version."""
    paths = [path for column in CATALOGUE[ref.kind].columns if column.name in columns for path in column.paths]
    return tuple(evidence for evidence in field_evidence(facts, ref, *paths) if evidence.value is not None)


def field_evidence(facts: Facts, ref: ObjectRef, *paths: str) -> tuple[Evidence, ...]:
    """Return fields of an object; an absent or empty field has the value None."""
    obj = facts.links.objects.get(ref) or facts.snapshot.get(ref)
    values = ((path, field_path(path).get(obj)) for path in paths)
    return tuple(Evidence(ref, path, None if value == "" else value) for path, value in values)
