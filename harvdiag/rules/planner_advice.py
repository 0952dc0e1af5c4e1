"""What to do about a message of Rancher's planner that does not change, whether an upgrade runs or not."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.model import ObjectRef
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.local import CONTROL_PLANE, FLEET, LOCAL
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause
from harvdiag.upgrade.planner import PlannerMessage

__all__ = [
    "KUBELET",
    "LABEL_KUBECONFIG",
    "RESTART_CAPI",
    "RESTART_RANCHER",
    "STEPS",
    "describe_standstill",
    "machine_causes",
    "planner_steps",
]

KUBELET = "waiting for kubelet to update"
OF_CLUSTER = ("cluster-paused", "init-node-missing", "no-machine-listed")
OF_MACHINE = (
    "machine-dangling-node",
    "machine-without-node-ref",
    "machine-stuck-deleting",
    "machine-not-running",
    "machine-failed",
)
RESTART_CAPI = (
    "Make Cluster API reconnect: `kubectl rollout restart deployment -n cattle-provisioning-capi-system "
    f"capi-controller-manager`{actions.CAPI_ASIDE}."
)
LABEL_KUBECONFIG = (
    f"Search the log of Cluster API: {actions.search_log(actions.OF_CAPI, 'Unauthorized')}; a hit means that its "
    "credentials have expired. Their Secret must have the label cluster.x-k8s.io/cluster-name=local: `kubectl get "
    "secret -n fleet-local local-kubeconfig --show-labels` (harvester/harvester#6041)."
)
RESTART_RANCHER = (
    "If that shows nothing, read Rancher's log, `kubectl logs -n cattle-system -l app=rancher --tail=200`, then "
    "restart it: `kubectl rollout restart deployment rancher -n cattle-system`; VMs keep running."
)
SERVICES = "`journalctl -u rke2-server -u rke2-agent -u rancher-system-agent`"
READ_CONTROL_PLANE = (
    "Read all conditions of the planner: `kubectl get rkecontrolplanes.rke.cattle.io -n fleet-local local -o yaml`."
)
AGENT = (
    "Check on the host of {nodes}: `systemctl status rancher-system-agent` and `journalctl -u rancher-system-agent -n "
    '200`. "x509" means a certificate that it does not trust (harvester/harvester#10522), "provide credentials" '
    "that its account no longer exists; when that is fixed, `systemctl restart rancher-system-agent`."
)
PROBE_CERTIFICATES = (
    "If the message names kube-controller-manager or kube-scheduler, see whether the certificate of its probe has "
    "expired: `openssl x509 -enddate -noout -in "
    "/var/lib/rancher/rke2/server/tls/kube-controller-manager/kube-controller-manager.crt` there, and the same of "
    "kube-scheduler."
)
STEPS = {
    "waiting for at least one bootstrap node": (advice.FIND_INIT_NODE, advice.LIST_MACHINES),
    "join url to be available": (advice.FIND_INIT_NODE, "Check RKE2 on that host: " + SERVICES + "."),
    "non-ready bootstrap machine": (advice.LIST_MACHINES, LABEL_KUBECONFIG, RESTART_CAPI),
    "waiting for agent to check in": (AGENT,),
    "failure while applying plan": (
        "Read what failed, on the host of {nodes}: `journalctl -u rancher-system-agent -n 200`.",
    ),
    "waiting for probes": (
        (
            "Check on the host of {nodes} the component that the message names: " + SERVICES + "; `crictl ps -a` lists "
            "its containers (harvester/harvester#1984)."
        ),
        PROBE_CERTIFICATES,
    ),
    KUBELET: ("Check on the host of {nodes} why its kubelet is not the new one: " + SERVICES + ".",),
    "waiting for plan to be applied": (AGENT,),
    "waiting for cluster agent to connect": (
        "Check `kubectl get pods -n cattle-system -o wide`: all pods of Rancher must be Running and ready.",
    ),
    "no etcd machines exist that have plans": (
        advice.LIST_MACHINES,
        (
            "Find the plan Secrets that have the etcd role: `kubectl get secrets -n fleet-local -l "
            "rke.cattle.io/etcd-role=true`. Ask vendor support before you change any."
        ),
    ),
    "marking control plane as initialized": (
        (
            "Compare what Rancher recorded: `kubectl get rkecontrolplanes.rke.cattle.io -n fleet-local local -o yaml` "
            "shows status.initialized and status.ready; both should be true, as the control plane works "
            "(harvester/harvester#4683)."
        ),
        LABEL_KUBECONFIG,
    ),
    "system-upgrade-controller helm chart": (
        (
            "Look at the chart: `kubectl get managedcharts.management.cattle.io,bundles.fleet.cattle.io -n "
            "fleet-local` and `kubectl get pods -n cattle-system` (harvester/harvester#4525)."
        ),
    ),
}
"""Next steps for messages of the planner, by their part; `READ_CONTROL_PLANE` and the Machine for the others."""


def describe_standstill(report: PlannerMessage, since: Timestamp) -> str:
    """Return the message as the planner gives it, a wait or an error, and since when nothing came of it."""
    verb = "reports the error" if report.error else "says"
    return f'Rancher\'s planner {verb} "{report.message}", without progress since {since}'


def planner_steps(report: PlannerMessage, nodes: str) -> tuple[str, ...]:
    """Return what to look at; `nodes` are the names of the nodes in the message, or empty."""
    named = nodes or "the Machine that the message names"
    machines = (advice.inspect_object("machines.cluster.x-k8s.io", name) for name in report.machines[:1])
    steps = STEPS.get(report.part, (READ_CONTROL_PLANE, *machines))
    return tuple(step.replace("{nodes}", named) for step in steps)


def machine_causes(report: PlannerMessage) -> Iterator[Cause]:
    """Yield the faults of the cluster and of the Machines in the message that would explain it."""
    yield Cause("planner-waits-for-ghost-machine", CONTROL_PLANE)
    yield from (Cause(name, LOCAL) for name in OF_CLUSTER)
    for machine in report.machines:
        yield from (Cause(name, ObjectRef("Machine", FLEET, machine)) for name in OF_MACHINE)
        yield Cause("init-node-dead", ObjectRef("Secret", FLEET, f"{machine}-machine-plan"))
