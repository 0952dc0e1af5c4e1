"""Logs as evidence: what the logs of a support bundle show that no object does.

A log is searched from its end and never read whole: `MOST` bytes of it at most. What is quoted is untrusted text; the
values of keys such as ``token`` and ``password`` are masked in it.
"""

from harvdiag.upgrade.logs.agent import AgentStory, read_agent_story
from harvdiag.upgrade.logs.files import LogFile, LogOwner, list_owners
from harvdiag.upgrade.logs.join import JoinStory, find_join_failure
from harvdiag.upgrade.logs.lines import LogLine, LogLines, LogOptions, LogQuestion, LogRead, read_lines
from harvdiag.upgrade.logs.log import MOST
from harvdiag.upgrade.logs.pods import find_job_step, find_job_wait, find_refusals
from harvdiag.upgrade.logs.quote import LONGEST, Quote, strip_time
from harvdiag.upgrade.logs.tail import quote_actor

__all__ = [
    "LONGEST",
    "MOST",
    "AgentStory",
    "JoinStory",
    "LogFile",
    "LogLine",
    "LogLines",
    "LogOptions",
    "LogOwner",
    "LogQuestion",
    "LogRead",
    "Quote",
    "find_job_step",
    "find_job_wait",
    "find_join_failure",
    "find_refusals",
    "list_owners",
    "quote_actor",
    "read_agent_story",
    "read_lines",
    "strip_time",
]
