"""Logs as evidence: what the lines of a support bundle's logs tell that no object does.

A log is searched from its end and never read whole: `MOST` bytes of it at most. What is quoted is untrusted text; the
values of keys such as ``token`` and ``password`` are masked in it.
"""

from harvdiag.upgrade.logs.agent import AgentStory, agent
from harvdiag.upgrade.logs.join import JoinStory, joined
from harvdiag.upgrade.logs.log import MOST
from harvdiag.upgrade.logs.pods import harvester_says, job_says
from harvdiag.upgrade.logs.quote import LONGEST, Quote, masked

__all__ = [
    "LONGEST",
    "MOST",
    "AgentStory",
    "JoinStory",
    "Quote",
    "agent",
    "harvester_says",
    "job_says",
    "joined",
    "masked",
]
