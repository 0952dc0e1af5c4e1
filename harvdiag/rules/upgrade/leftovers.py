"""What an unfinished upgrade left behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from harvdiag.core.fields import field_path, get_items, get_text, name_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.kinds.local import FLEET, PROVISIONING
from harvdiag.rules import actions, advice
from harvdiag.rules.ended_upgrades import recently_ended, upgrade_running
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence, missing_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.upgrade_evidence import finished_upgrade
from harvdiag.upgrade.charts import is_upgrade_chart
from harvdiag.upgrade.handshake import DrainStep, annotation_path, read_handshake
from harvdiag.upgrade.phases import DONE
from harvdiag.upgrade.plans import node_plans

STRATEGY = "spec.rkeConfig.upgradeStrategy"
ROLES = ("controlPlane", "worker")
HOOKS = {"preDrainHooks": "harvesterhci.io/pre-hook", "postDrainHooks": "harvesterhci.io/post-hook"}
REQUESTS = {
    DrainStep.PRE_DRAIN_REQUESTED: ("pre-drain", "pre-hook"),
    DrainStep.POST_DRAIN_REQUESTED: ("post-drain", "post-hook"),
}
CHARTS = "managedcharts.management.cattle.io"


class _Remains(NamedTuple):
    """What an upgrade that no longer runs left active.

    The fields of the provisioning Cluster with Harvester's hooks, the plan Secrets with a request and its missing
    answer, the paused charts, and the names of Upgrades that are gone but have plans.
    """

    strategy: list[str]
    requests: list[tuple[ObjectRef, tuple[str, str]]]
    paused: list[ObjectRef]
    upgrades: list[str]


@rule("chart-left-paused", severity=Severity.WARNING, needs={"ManagedChart", "Upgrade", "UpgradePlan"})
def chart_left_paused(facts: Facts) -> Iterator[Hit]:
    """A ManagedChart is paused though no upgrade runs.

    An upgrade pauses the charts of Harvester while it changes them. If it was deleted or failed before it resumed
    them, they stay paused: fleet no longer installs changes to them, and the next upgrade waits for them.
    """
    if upgrade_running(facts):
        return
    last = next(iter(facts.upgrades.all), None)
    for ref in _paused_charts(facts):
        yield Hit(
            subject=ref,
            message=f"ManagedChart {ref.name} is paused, and no upgrade runs that would resume it",
            evidence=field_evidence(facts, ref, "spec.paused", "spec.version", "status.display.state"),
            next=(
                f"Verify that no one paused {ref.name} on purpose.",
                f"Otherwise resume it: `{actions.merge_patch(CHARTS, ref.name, {'spec': {'paused': False}})}`.",
            ),
            caution=f"Fleet immediately installs what ManagedChart {ref.name} specifies: check the chart's version "
            "before you un-pause it.",
            causes=(
                Cause("upgrade-deleted-midway", PROVISIONING),
                *([Cause("upgrade-failed-in-phase", last.ref)] if last else ()),
            ),
        )


@rule(
    "upgrade-deleted-midway",
    needs={"Upgrade", "Cluster.provisioning.cattle.io", "Secret", "UpgradePlan", "Node", "Machine"},
    optional={"ManagedChart", "Plan"},
    links=["harvester/harvester#6203", "harvester/harvester#10048"],
)
def upgrade_deleted_midway(facts: Facts) -> Iterator[Hit]:
    """The nodes' upgrade is still active, though no Upgrade runs.

    Rancher drains the nodes and asks Harvester before and after each. Harvester answers only for a running Upgrade: if
    that was deleted or ended early, nothing answers, and the node whose turn it is stays as it is.
    """
    if upgrade_running(facts) or recently_ended(facts):
        return
    remains = _find_remains(facts)
    # The strategy alone proves nothing where only the last answer was lost: that has a finding of its own.
    if not remains.requests and (not remains.strategy or _last_unanswered(facts)):
        return
    yield Hit(
        subject=PROVISIONING,
        message="The nodes' upgrade is still active, though no Upgrade runs: " + "; ".join(_describe_remains(remains)),
        evidence=_remains_evidence(facts, remains),
        next=(
            advice.LIST_VERSIONS,
            advice.inspect_object("clusters.provisioning.cattle.io", "local"),
            "Ask vendor support how to proceed: a partial upgrade is finished node by node, not by a new upgrade.",
        ),
        caution=(
            "Do not write a hook's annotation while VMs still run on the node: Rancher drains the node at once. Do not "
            "remove the strategy while a node is being drained."
        ),
        causes=(
            *(Cause("upgrade-failed-in-phase", upgrade.ref) for upgrade in facts.upgrades.all[:1]),
            *([Cause("upgradeplan-failed", failed.ref)] if (failed := facts.upgrades.failed_plan) else ()),
        ),
    )


def _find_remains(facts: Facts) -> _Remains:
    plans = node_plans(facts.snapshot.objects("Plan"))
    return _Remains(
        strategy=_hook_paths(facts),
        requests=list(_unanswered_requests(facts)),
        paused=list(_paused_charts(facts)),
        upgrades=sorted({plan.upgrade for plan in plans} - {""} - _upgrade_names(facts)),
    )


def _describe_remains(remains: _Remains) -> Iterator[str]:
    if remains.strategy:
        yield "the upgrade strategy with Harvester's hooks is still set"
    for secret, _ in remains.requests:
        yield f"plan Secret {secret.name} has a request that will not be answered"
    for chart in remains.paused:
        yield f"ManagedChart {chart.name} is paused"
    for name in remains.upgrades:
        yield f"plans of the missing Upgrade {name} remain"


def _remains_evidence(facts: Facts, remains: _Remains) -> tuple[Evidence, ...]:
    return (
        *field_evidence(facts, PROVISIONING, *remains.strategy),
        *(e for secret, keys in remains.requests for e in field_evidence(facts, secret, *map(annotation_path, keys))),
        *(e for chart in remains.paused for e in field_evidence(facts, chart, "spec.paused")),
        *(missing_evidence("Upgrade", "harvester-system", name) for name in remains.upgrades),
    )


def _hook_paths(facts: Facts) -> list[str]:
    """Return the fields of the provisioning Cluster that contain Harvester's hooks."""
    obj = facts.links.objects.get(PROVISIONING)
    places = [(f"{STRATEGY}.{role}DrainOptions.{key}", hook) for role in ROLES for key, hook in HOOKS.items()]
    return [place for place, hook in places if hook in {get_text(row, "annotation") for row in get_items(obj, place)}]


def _unanswered_requests(facts: Facts) -> Iterator[tuple[ObjectRef, tuple[str, str]]]:
    """Find the plan Secrets on which Rancher waits for Harvester, with the request and the missing answer."""
    for secret in facts.pairing.plans:
        step = _drain_step(facts, secret)
        if step in REQUESTS and not (step is DrainStep.POST_DRAIN_REQUESTED and _node_succeeded(facts, secret)):
            yield secret, REQUESTS[step]


def _last_unanswered(facts: Facts) -> bool:
    """Return whether only the last answer of an upgrade that succeeded was lost, which has a finding of its own."""
    requested = (s for s in facts.pairing.plans if _drain_step(facts, s) is DrainStep.POST_DRAIN_REQUESTED)
    return any(_node_succeeded(facts, secret) for secret in requested)


def _drain_step(facts: Facts, secret: ObjectRef) -> DrainStep:
    return read_handshake(facts.pairing.obj(secret)).step


def _node_succeeded(facts: Facts, secret: ObjectRef) -> bool:
    """Return whether its node has succeeded in an upgrade that did: then only the answer was lost."""
    upgrade = finished_upgrade(facts)
    done = (node for node in (upgrade.nodes if upgrade else ()) if node.state == DONE)
    return any(secret == plan for node in done for plan, _ in node.secrets)


def _upgrade_names(facts: Facts) -> set[str]:
    return {upgrade.ref.name for upgrade in facts.upgrades.all}


def _paused_charts(facts: Facts) -> Iterator[ObjectRef]:
    """Find the paused charts of Harvester; other charts may be paused on purpose."""
    for obj in facts.snapshot.objects("ManagedChart"):
        ref = ObjectRef("ManagedChart", get_text(obj, "metadata.namespace"), name_of(obj))
        if (
            field_path("spec.paused").get(obj) is True
            and ref.namespace == FLEET
            and is_upgrade_chart(ref.kind, ref.name)
        ):
            yield ref
