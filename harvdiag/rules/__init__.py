"""Rules: the only package that judges. `engine` declares them, `run` runs them, `evidence` builds what they show,
`advice` and `actions` word the steps, `pages` finds their documentation; a family is a package below this one, and a
rule is one function in it.
"""

from collections.abc import Mapping

from harvdiag.core.policy import Known, Policy
from harvdiag.rules.engine import Cause, Hit, Rule, registry, rule, select_rules
from harvdiag.rules.ignoring import set_apart
from harvdiag.rules.run import run_rules

__all__ = [
    "Cause",
    "Hit",
    "Rule",
    "all_rules",
    "known_names",
    "own_rules",
    "registry",
    "rule",
    "run_rules",
    "select_rules",
    "set_apart",
]


def own_rules(policy: Policy) -> dict[str, Rule]:
    """Return the checks and log patterns of one's own by name; where there are none, nothing is imported for them."""
    if not policy.checks and not policy.logs:
        return {}
    from harvdiag.rules.local import declare_rules

    return declare_rules(policy)


def all_rules(own: Mapping[str, Rule] | None = None) -> list[Rule]:
    """Return every rule, also those that only a preflight runs; those of one's own (`own_rules`) come last."""
    return [*registry().values(), *(own or {}).values()]


def known_names() -> Known:
    """Return what a file of settings may name: the rules of harvdiag with their families, and the thresholds."""
    from harvdiag.rules.thresholds import LIMITS

    return Known(rules={each.name: each.family for each in registry().values()}, limits=LIMITS)
