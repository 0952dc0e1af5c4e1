"""The command with which a host registers with Rancher as a member of cluster `local`, without its token.

Rancher serves the script of rancher/system-agent; rancherd gives it these variables, too.
"""

from __future__ import annotations

from collections.abc import Mapping

from harvdiag.core.release import read_release
from harvdiag.cure.drafts.host import Host, has_pseudonyms
from harvdiag.cure.drafts.model import Draft
from harvdiag.cure.drafts.text import file_name
from harvdiag.rules.actions import quote_argument
from harvdiag.rules.facts import Facts

__all__ = ["draft_registration", "read_token"]

SCRIPT = "system-agent-install.sh"
FLAGS = {"control-plane": "CATTLE_ROLE_CONTROLPLANE", "etcd": "CATTLE_ROLE_ETCD", "worker": "CATTLE_ROLE_WORKER"}
OF_TOKENS = "kubectl get clusterregistrationtokens.management.cattle.io -n local -o jsonpath='{.items[*].status.FIELD}'"
OF_SECRETS = (
    "kubectl get secrets -n local -o name | grep crt-token- | xargs -I{} kubectl get -n local {} -o "
    "jsonpath='{.data.token}' | base64 -d"
)
"""Where the token is from Harvester 1.9 on; the command beside it then has none."""
VIP = "kubectl get configmaps -n harvester-system vip -o jsonpath='https://{.data.ip}'"


def draft_registration(facts: Facts, host: Host) -> Draft:
    """Return the draft of the script that a person runs on the host as root, with the roles that its Node has."""
    name = host.node.name
    return Draft(
        name=file_name(f"{name}-register.sh"),
        title=f"Registration of {name} with Rancher, to be run on {name} as root",
        lines=tuple(_lines(host)),
        dangers=(
            *(("Names and addresses are pseudonyms here.",) if has_pseudonyms(facts) else ()),
            "The token lets any host join the cluster: fill it in on the host only, and delete this file afterwards.",
            f"RKE2 of {name} restarts with the plan that Rancher sends: its volumes and VMs must be safe first.",
            f"The roles must be those that {name} has: a worker with the role etcd would try to join etcd.",
        ),
        sources=(
            ("roles", dict(host.sources)["roles"]),
            ("labels", dict(host.sources)["labels"]),
            ("addresses", dict(host.sources)["addresses"]),
        ),
        untold=(
            f"<TOKEN>: the token of cluster local, `{read_token(facts)}`",
            f"<CHECKSUM>: what follows --ca-checksum in `{OF_TOKENS.replace('FIELD', 'nodeCommand')}`",
            f"<SERVER>: what follows --server there, or `{VIP}`",
        ),
    )


def read_token(facts: Facts) -> str:
    """Return the command that shows the registration token, which from Harvester 1.9 on is in a Secret."""
    release = read_release(facts.harvester_version)
    return OF_SECRETS if release and release[:2] >= (1, 9) else OF_TOKENS.replace("FIELD", "token")


def _lines(host: Host) -> list[str]:
    values = {"CATTLE_SERVER": "<SERVER>", "CATTLE_TOKEN": "<TOKEN>", "CATTLE_CA_CHECKSUM": "<CHECKSUM>"}
    values |= {flag: str(role in host.roles).lower() for role, flag in FLAGS.items()}
    values |= {"CATTLE_LABELS": _pairs(host.labels), "CATTLE_NODE_NAME": host.node.name}
    if host.internal_address:
        values |= {"CATTLE_ADDRESS": host.address, "CATTLE_INTERNAL_ADDRESS": host.internal_address}
    if host.taints:
        values["CATTLE_TAINTS"] = ",".join(map(_taint, host.taints))
    return [
        "set -eu",
        *(f"export {key}={quote_argument(value)}" for key, value in values.items()),
        'case "$CATTLE_SERVER$CATTLE_TOKEN$CATTLE_CA_CHECKSUM" in',
        '  *"<"*) echo "SERVER, TOKEN and CHECKSUM are to be filled in first" >&2; exit 1 ;;',
        "esac",
        'cd "$(mktemp -d)"',
        'curl -ksfL "$CATTLE_SERVER/cacerts" -o cacerts',
        'echo "$CATTLE_CA_CHECKSUM  cacerts" | sha256sum -c',
        f'curl -sfL --cacert cacerts "$CATTLE_SERVER/{SCRIPT}" -o {SCRIPT}',
        f"sh {SCRIPT}",
    ]


def _pairs(labels: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def _taint(taint: Mapping[str, str]) -> str:
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint.get('key', '')}{value}:{taint.get('effect', '')}"
