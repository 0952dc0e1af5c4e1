"""The tables of a cluster: pandas DataFrames of its objects and of the links between them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from harvdiag.core.policy import Policy
from harvdiag.rules.facts import Facts
from harvdiag.snapshot import Snapshot
from harvdiag.snapshot.locate import find_ref, not_found_error

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Tables"]


class Tables:
    """One table for each question, made when it is first asked; `Cluster` has them all."""

    snapshot: Snapshot
    policy: Policy

    @cached_property
    def facts(self) -> Facts:
        """The facts that the rules use."""
        return Facts(self.snapshot, self.policy)

    def table(self, kind: str) -> pd.DataFrame:
        """Return a table of any collected kind, one row per object: ``Pod``, ``jobs``, ``nodes.longhorn.io``.

        Kinds of the catalogue have their own columns, others the common ones: `namespace`, `name`, `owner` (str),
        `deleting`, `created` (UTC), `uid` (str). Raises UsageError for a kind that the source does not contain.
        """
        from harvdiag.reports import tables

        return tables.build_table(self.snapshot, self.snapshot.resolve_kind(kind))

    @cached_property
    def nodes(self) -> pd.DataFrame:
        """Node: `name`, `ready`, `schedulable`, `roles`, `managed`, `machine`, `machine_uid`, `provider_id`, …"""
        return self.table("Node")

    @cached_property
    def machines(self) -> pd.DataFrame:
        """Machine (cluster.x-k8s.io): `name`, `phase`, `node`, `node_uid`, `provider_id`, `infrastructure`, …"""
        return self.table("Machine")

    @cached_property
    def custommachines(self) -> pd.DataFrame:
        """CustomMachine (rke.cattle.io): `name`, `provider_id`, `ready`, `owner`, …"""
        return self.table("CustomMachine")

    @cached_property
    def bootstraps(self) -> pd.DataFrame:
        """RKEBootstrap (rke.cattle.io): `name`, `data_secret`, `ready`, `internal_address`, `roles`, …"""
        return self.table("RKEBootstrap")

    @cached_property
    def plans(self) -> pd.DataFrame:
        """Machine-plan Secrets, without their plans: `name`, `machine`, `init_node`, `roles`, `join_url`, …"""
        return self.table("Secret")

    @cached_property
    def clusters(self) -> pd.DataFrame:
        """The cluster `local` as Cluster API, Rancher's provisioning and Rancher's management represent it."""
        from harvdiag.reports import tables

        return tables.cluster_table(self.snapshot)

    @cached_property
    def upgrades(self) -> pd.DataFrame:
        """Upgrade (harvesterhci.io): `name`, `latest`, `state`, `version`, `completed`, `nodes_upgraded`, …"""
        return self.table("Upgrade")

    @cached_property
    def events(self) -> pd.DataFrame:
        """Event, the last one seen last: `object_kind`, `object`, `type`, `reason`, `message`, `count`, `last`, …"""
        return self.table("Event").sort_values("last", kind="stable", ignore_index=True)

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """One row per Node with its Machine, or one alone: every link between them, the verdict; faults first."""
        from harvdiag.reports import tables

        return tables.pair_table(self.facts.pairing)

    def links(self, kind: str, name: str, namespace: str | None = None) -> pd.DataFrame:
        """Return the links of one object: ``cluster.links("Node", "srv09")``. All str: `direction`, `field`, `other`,
        `state` (``present``, ``absent``, ``unseen``, or ``empty`` for a reference that should be set and is not).

        For an object that does not exist, the links of those that reference it. Raises UsageError if there are none,
        or if its kind was not seen.
        """
        from harvdiag.reports import tables

        ref = find_ref(self.snapshot, kind, name, namespace)
        links = tables.link_table(self.facts.links, ref)
        if self.snapshot.get(ref) is not None:
            return links
        if self.snapshot.gap(ref.kind) or not self.facts.links.edges_to(ref):
            raise not_found_error(self.snapshot, ref)
        return links[links["direction"] == "named by"].reset_index(drop=True)
