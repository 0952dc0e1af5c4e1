"""Rules: the only package that judges. `engine` declares and runs them, `evidence` builds what they show,
`advice` and `actions` word the steps, `pages` finds their documentation; a family is a package below this one, and a
rule is one function in it.
"""

from harvdiag.rules.engine import Cause, Hit, Rule, registry, rule, run_rules, select_rules
from harvdiag.rules.ignoring import set_apart

__all__ = ["Cause", "Hit", "Rule", "registry", "rule", "run_rules", "select_rules", "set_apart"]
