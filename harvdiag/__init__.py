"""harvdiag: why a Harvester upgrade is stuck, from a support bundle or from what kubectl wrote.

    import harvdiag as hd

    cluster = hd.open("supportbundle_….zip")
    cluster.coverage            # first: what could be seen and what could not
    cluster.pairs               # every Node and Machine, each link between them, the verdict
    findings = cluster.check()  # what is wrong, how it shows, why it matters, what to do next

Names are resolved on first use, so that `import harvdiag` stays light.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from harvdiag.cluster import Cluster
    from harvdiag.errors import HarvdiagError, SourceError, UsageError
    from harvdiag.findings import Findings
    from harvdiag.model import Finding, ObjectRef

from harvdiag.version import __version__ as __version__

__all__ = [
    "Cluster",
    "Finding",
    "Findings",
    "HarvdiagError",
    "ObjectRef",
    "SourceError",
    "UsageError",
    "open",
    "report",
    "rulebook",
]

_HOMES = {
    "Cluster": "harvdiag.cluster",
    "Finding": "harvdiag.model",
    "Findings": "harvdiag.findings",
    "HarvdiagError": "harvdiag.errors",
    "ObjectRef": "harvdiag.model",
    "SourceError": "harvdiag.errors",
    "UsageError": "harvdiag.errors",
}


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'harvdiag' has no attribute {name!r}")


def open(source: str | os.PathLike[str]) -> Cluster:  # noqa: A001 - reads as hd.open, like gzip.open
    """The cluster in a support bundle (zip, one of its parts, or the extracted folder) or in files of kubectl.

    ``-`` reads standard input. Nothing is extracted; a kind is read when it is first asked for. Raises SourceError, in
    one line, for what cannot be used.
    """
    from harvdiag.cluster import Cluster
    from harvdiag.sources import open_source

    return Cluster(open_source(source))


def rulebook(word: str = "") -> pd.DataFrame:
    """The rules, or those of a family, or one: `rule`, `family`, `severity`, `summary`, `why`, `needs` (all str).

    Raises UsageError for a word that is neither a rule nor a family.
    """
    from harvdiag.views.frames import rulebook as frame

    return frame(word)


def report(findings: Findings, file: str | os.PathLike[str]) -> Path:
    """Write the findings to a file, as its ending says: ``.md``, ``.json`` or ``.txt``; returns its path.

    Raises UsageError for another ending, and for a file that cannot be written.
    """
    from harvdiag.reports import write

    return write(findings, file)


if "IPython" in sys.modules:
    from harvdiag.views.display import register

    register()
