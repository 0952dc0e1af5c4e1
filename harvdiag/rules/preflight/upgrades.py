"""Other upgrades: one that runs, or has not cleaned up, keeps a new one from being created."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harvdiag.core.escape import format_value
from harvdiag.core.fields import field_path, name_of
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.core.suggest import join_names
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.gates import require_release
from harvdiag.rules.upgrade_evidence import condition_evidence
from harvdiag.upgrade import Upgrade
from harvdiag.upgrade.phases import ENDED
from harvdiag.upgrade.v2 import UpgradePlan

PLAN = "UpgradePlan"
STATE = 'metadata.labels["harvesterhci.io/upgradeState"]'
CLEANING = 'metadata.labels["harvesterhci.io/upgradeCleanup"]'
PENDING, PLAN_CLEANS = "Pending", "CleaningUp"
CORDONED = "spec.unschedulable"
WATCH = "See where it stands, and what it waits for: `harvdiag upgrade SOURCE`."


@rule(
    "preflight-other-upgrade",
    short="another upgrade",
    needs={"Upgrade"},
    optional={PLAN, "Node"},
    at_rest=False,
)
def preflight_other_upgrade(facts: Facts) -> Iterator[Hit]:
    """Another upgrade is under way.

    Harvester creates no second Upgrade until the first has Succeeded or Failed, and an UpgradePlan no second plan. An
    Upgrade that has lost its label with the state counts as running for ever. Nodes that are unschedulable meanwhile,
    for which check.sh fails, are named: no other check is made of them while an upgrade runs.
    """
    yield from _settle(facts, [*_others(facts)])


def _settle(facts: Facts, hits: Sequence[Hit]) -> Sequence[Hit]:
    """Return what was found, which an Upgrade proves by itself; where nothing was, plans must have been seen, too."""
    if not hits:
        facts.snapshot.require(PLAN)
    return hits


def _others(facts: Facts) -> Iterator[Hit]:
    for upgrade in facts.upgrades.all:
        if upgrade.state not in ENDED:
            yield _running_hit(facts, upgrade) if upgrade.running else _unlabelled_hit(facts, upgrade)
    for plan in facts.upgrades.plans:
        if plan.running or plan.progressing.status == "True":
            yield _plan_hit(facts, plan)


def _running_hit(facts: Facts, upgrade: Upgrade) -> Hit:
    name, state = upgrade.ref.name, format_value(upgrade.state)
    at = f" (state {state})" if upgrade.state else ", although it has no label with its state"
    return Hit(
        subject=upgrade.ref,
        message=f"Upgrade {name} is under way{at}{_name_cordoned(facts)}: {_refusal(name)}",
        evidence=(*field_evidence(facts, upgrade.ref, STATE, "spec.version"), *_cordon_evidence(facts)),
        next=(WATCH,),
        causes=(Cause("upgrade-status-emptied", upgrade.ref),),
    )


def _name_cordoned(facts: Facts) -> str:
    names = [node.name for node in _cordoned(facts)]
    return f", with Node{'s' if len(names) > 1 else ''} {join_names(names)} unschedulable" if names else ""


def _cordon_evidence(facts: Facts) -> Iterator[Evidence]:
    return (evidence for node in _cordoned(facts) for evidence in field_evidence(facts, node, CORDONED))


def _cordoned(facts: Facts) -> list[ObjectRef]:
    """The Nodes that take no pods, as an upgrade has those that it drains; none where Nodes were not seen."""
    nodes = facts.snapshot.objects("Node")
    return [ObjectRef("Node", "", name_of(obj)) for obj in nodes if field_path(CORDONED).get(obj) is True]


def _unlabelled_hit(facts: Facts, upgrade: Upgrade) -> Hit:
    """The hit for an Upgrade that its condition Completed calls over, but not its label, by which Harvester goes."""
    name, end = upgrade.ref.name, "Succeeded" if upgrade.status("Completed") == "True" else "Failed"
    told = f"its label with the state is {format_value(upgrade.state)}" if upgrade.state else "it has no state label"
    over = " --overwrite" if upgrade.state else ""
    quoted = actions.quote_argument(name)
    return Hit(
        subject=upgrade.ref,
        message=f"Upgrade {name} has ended, but {told}, so that for Harvester it runs for ever: {_refusal(name)}",
        evidence=(
            *field_evidence(facts, upgrade.ref, STATE),
            *condition_evidence(facts, upgrade.ref, "Completed", "status"),
        ),
        next=(
            advice.LIST_VERSIONS,
            (
                f"If all have the version that they should have, set the label: `kubectl label {actions.UPGRADES} -n "
                f"harvester-system {quoted} harvesterhci.io/upgradeState={end}{over}`."
            ),
        ),
        caution="Set it only when no node is still being upgraded: Harvester then takes the upgrade for ended.",
    )


def _refusal(name: str) -> str:
    return f"Harvester refuses the next one ('cannot proceed until previous upgrade \"{name}\" completes')"


def _plan_hit(facts: Facts, plan: UpgradePlan) -> Hit:
    name = plan.ref.name
    return Hit(
        subject=plan.ref,
        message=f"UpgradePlan {name} is under way{_name_cordoned(facts)}: another is refused "
        f"('another upgrade \"{name}\" is in progress'); an Upgrade is not, and both would change the same nodes",
        evidence=(
            *field_evidence(facts, plan.ref, plan.state_path, "spec.version"),
            *condition_evidence(facts, plan.ref, "Progressing", "status"),
            *_cordon_evidence(facts),
        ),
        next=(WATCH,),
        causes=(Cause("upgradeplan-concurrent", plan.ref),),
    )


@rule("preflight-cleanup-pending", short="clean-up pending", needs={"Upgrade"}, optional={PLAN}, at_rest=False)
def preflight_cleanup_pending(facts: Facts) -> Iterator[Hit]:
    """An earlier upgrade has not cleaned up yet.

    From 1.7 on Harvester creates no Upgrade while the label upgradeCleanup of an earlier one is Pending: old images are
    then being removed from the nodes, which takes minutes. Upgrade V2 asks the same of its plans.
    """
    require_release(facts, since="v1.7.0")
    yield from _settle(facts, [*_cleaning(facts)])


def _cleaning(facts: Facts) -> Iterator[Hit]:
    for upgrade in facts.upgrades.all:
        if upgrade.cleanup_state == PENDING:
            name, quoted = upgrade.ref.name, actions.quote_argument(upgrade.ref.name)
            yield Hit(
                subject=upgrade.ref,
                message=f'Upgrade {name} still cleans up: Harvester refuses the next one ("cannot proceed until the '
                f'following upgrades completed their cleanup process: {name}")',
                evidence=field_evidence(facts, upgrade.ref, CLEANING, STATE),
                next=(
                    (
                        f"Wait until that label is Succeeded: `kubectl get {actions.UPGRADES} -n harvester-system "
                        f"{quoted} --show-labels`."
                    ),
                ),
                causes=(Cause("upgrade-cleanup-pending", upgrade.ref),),
            )
    for plan in facts.upgrades.plans:
        if plan.state == PLAN_CLEANS:
            yield Hit(
                subject=plan.ref,
                message=f"UpgradePlan {plan.ref.name} still cleans up: another is refused "
                f"('upgrade \"{plan.ref.name}\" is still cleaning up')",
                evidence=field_evidence(facts, plan.ref, plan.state_path),
                next=(WATCH,),
            )
