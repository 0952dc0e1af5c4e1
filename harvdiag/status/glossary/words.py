"""The terms of the glossary that are words of harvdiag's own reports."""

from __future__ import annotations

from harvdiag.status.glossary.terms import OWN, Term

__all__ = ["REPORTS"]

REPORTS = (
    Term("root cause", "A finding that no other finding explains. Fix it, and its consequences end.", OWN),
    Term("consequence", "A finding that another one explains. It ends when its root cause is fixed.", OWN),
    Term("verdict", "What all findings come to, in a sentence: first in every report.", OWN),
    Term("evidence", "The fields that show a fault, each with its object, path and value.", OWN, ("field path",)),
    Term("caution", "What a step can destroy, or what must not be done.", OWN),
    Term("finding", "What a check found wrong: one check and one object, with evidence and the next steps.", OWN),
    Term(
        "not seen",
        "A list that could not be read, or that the source does not have. That is never taken for an empty list.",
        OWN,
        ("unseen", "coverage"),
    ),
    Term(
        "skipped",
        "A check that was not run, since a kind that it needs was not seen. That is not the same as passed.",
        OWN,
    ),
    Term(
        "not applicable",
        "A check whose question has no meaning here: another release asks it, or an upgrade runs.",
        OWN,
        ("not-applicable",),
    ),
    Term("preflight", "The checks before an upgrade: may it begin, and if not, why not (`harvdiag preflight`).", OWN),
    Term(
        "fingerprint",
        "The check and the object of a finding, as one word: the same whenever the cluster is collected again.",
        OWN,
    ),
    Term(
        "stalled",
        "An upgrade or a node that waits for what will not come by itself. How long it takes alone says nothing.",
        OWN,
        ("stuck",),
    ),
    Term(
        "support bundle",
        "The zip that Harvester makes under Support: the objects of the cluster, logs, and archives of the hosts.",
        "https://docs.harvesterhci.io/v1.8/troubleshooting/harvester",
        ("bundle.zip",),
    ),
    Term(
        "snapshot",
        "The one small file that `harvdiag snapshot` saves, which every command reads like the cluster itself.",
        OWN,
    ),
)
"""What reports say, and what they are made from."""
