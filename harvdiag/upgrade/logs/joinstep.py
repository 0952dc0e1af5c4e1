"""The steps by which a host joins the cluster; docs/objects.md#join-steps."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["JoinStep"]


class JoinStep(StrEnum):
    """A step of a join; its value says it in words."""

    INSTALLER_CONFIGURATION = "installer configuration"
    BOOTSTRAP_STAMP = "bootstrap stamp"
    JOIN_PLAN = "join plan"
    AGENT_INSTALLER = "agent installer"
    HOST_IDENTITY = "host identity"
    CONNECTION_REQUEST = "connection request"
    MACHINE_REQUEST = "machine request"
    MACHINE_CREATION = "Machine creation"
    PLAN_CREATION = "plan Secret creation"
    AGENT_CONNECTION = "agent connection"
    PLAN_DELIVERY = "plan delivery"
    PLAN_APPLICATION = "plan application"
    NODE_REGISTRATION = "Node registration"
    PROVIDER_ID_LOOKUP = "provider ID lookup"
    NODE_LINK = "Node link"
    PROMOTION = "promotion"
    MACHINE_REMOVED = "Machine removal"
    """Not a step of the join: the host had joined, and its Machine was removed (docs/objects.md#removal-machine)."""
