"""The questions to ask before a Node or a Machine is removed (P1 to P6), answered on one cluster.

They are those of docs/objects.md#preconditions: etcd keeps its quorum, no data is lost, no VM is lost, no other Node
goes with it, no upgrade is in between, and the host does not come back.
"""

from __future__ import annotations

from harvdiag.core.escape import escape_text
from harvdiag.core.model import ObjectRef
from harvdiag.cure.preconditions.claims import judge_claims
from harvdiag.cure.preconditions.etcd import judge_etcd
from harvdiag.cure.preconditions.host import judge_host
from harvdiag.cure.preconditions.model import CANNOT_TELL, Precondition, Value
from harvdiag.cure.preconditions.removal import read_removal
from harvdiag.cure.preconditions.upgrades import judge_upgrade
from harvdiag.cure.preconditions.vms import judge_vms
from harvdiag.cure.preconditions.volumes import judge_volumes
from harvdiag.rules.facts import Facts

__all__ = ["Precondition", "Value", "describe", "judge"]

JUDGES = (judge_etcd, judge_volumes, judge_vms, judge_claims, judge_upgrade, judge_host)
WORDS = {True: "met", False: "not met", None: CANNOT_TELL}


def judge(facts: Facts, subject: ObjectRef) -> tuple[Precondition, ...]:
    """Return P1 to P6, in this order, for the removal of a Node, or of a Machine with the Node that goes with it."""
    removal = read_removal(facts, subject)
    return tuple(judged(facts, removal) for judged in JUDGES)


def describe(precondition: Precondition) -> str:
    """Return a precondition in one line: ``P1 met: etcd voters that remain: 2 of 3, quorum kept``."""
    return escape_text(f"{precondition.id} {WORDS[precondition.met]}: {precondition.told}")
