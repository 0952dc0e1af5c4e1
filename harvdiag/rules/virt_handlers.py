"""The virt-handler Pods of KubeVirt, and which of them lack the marks of the release that made them."""

from __future__ import annotations

from harvdiag.core.fields import Obj, get_text
from harvdiag.core.model import ObjectRef
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules.facts import Facts
from harvdiag.rules.known_paths import lasts

__all__ = ["KUBEVIRT", "STRATEGY_VERSION", "unmarked_handlers"]

KUBEVIRT = ObjectRef("KubeVirt", "harvester-system", "kubevirt")
STRATEGY_VERSION = 'metadata.annotations["kubevirt.io/install-strategy-version"]'
HANDLERS = Wanted(namespace=KUBEVIRT.namespace, labels=("kubevirt.io=virt-handler",))


def unmarked_handlers(facts: Facts) -> list[Obj]:
    """Return the virt-handler Pods without the annotations of KubeVirt's operator, where others have them.

    The rule that asks is skipped where the Pods were not seen. One that was just made may get them yet.
    """
    pods = facts.find("Pod", HANDLERS, required=True)
    bare = [pod for pod in pods if not get_text(pod, STRATEGY_VERSION) and lasts(facts, pod)]
    return bare if len(bare) < len(pods) else []
