"""The settings of the person, as the options and the environment name them: read once, before any source is."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from harvdiag.cli.output import settings
from harvdiag.core.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from harvdiag.cluster import Cluster
    from harvdiag.core.policy import Policy
    from harvdiag.rules import Rule
    from harvdiag.snapshot import Snapshot

__all__ = ["build_cluster", "choose_rules", "current_policy", "current_settings", "list_rules"]


def current_policy() -> Policy:
    """Return what the file of settings says; an empty policy where there is none. Raises ConfigError for mistakes."""
    from harvdiag.config import load_policy
    from harvdiag.rules import known_names

    told = settings()
    if told.config and told.no_config:
        raise UsageError("--config and --no-config contradict each other: give one of them")
    if told.policy is None:
        told.policy = load_policy(False if told.no_config else told.config, known_names)
    return told.policy


def current_settings() -> Path | None:
    """Return the file of settings itself, for another process. Raises ConfigError for mistakes in it."""
    from harvdiag.config import find_settings

    current_policy()
    return find_settings(False if settings().no_config else settings().config)


def build_cluster(snapshot: Snapshot, notes: Path | None = None) -> Cluster:
    """Return the cluster of a snapshot, judged as the settings say: what every command makes of its source.

    `notes` is the file of the notes, where another is named than that beside the source.
    """
    from harvdiag.cluster import Cluster

    return Cluster(snapshot, notes, policy=current_policy())


def choose_rules(select: Collection[str] = (), ignore: Collection[str] = ()) -> list[Rule]:
    """Return the rules with these names or families, those of one's own included. Raises UsageError for another."""
    from harvdiag.rules import own_rules, select_rules

    return select_rules(select, ignore, own_rules(current_policy()))


def list_rules() -> dict[str, Rule]:
    """Return every rule by name, those of one's own included."""
    from harvdiag.rules import all_rules, own_rules

    return {rule.name: rule for rule in all_rules(own_rules(current_policy()))}
