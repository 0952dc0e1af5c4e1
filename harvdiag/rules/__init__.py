"""Rules: the only room that judges. `engine` declares and runs them, `evidence` shows what they saw, `advice` words the
steps; a family is a package below this one, and a rule one function in it.
"""

from harvdiag.rules.engine import Cause, Hit, Rule, registry, rule, run_rules, select_rules

__all__ = ["Cause", "Hit", "Rule", "registry", "rule", "run_rules", "select_rules"]
