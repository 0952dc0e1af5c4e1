"""harvdiag: why a Harvester upgrade is stuck, from a live cluster, a support bundle, a snapshot or kubectl output.

    import harvdiag as hd

    cluster = hd.open("supportbundle_….zip")  # or hd.connect(): the cluster of the current kubeconfig context
    cluster.coverage            # first: what could be seen and what could not
    cluster.pairs               # every Node and Machine, each link between them, the verdict
    findings = cluster.check()  # what is wrong, the evidence, why it matters, what to do next

Names are resolved on first use, so that `import harvdiag` stays light.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd

    from harvdiag import training
    from harvdiag.access.rights import Access
    from harvdiag.cluster import Cluster
    from harvdiag.core.errors import AccessError, HarvdiagError, SourceError, UsageError
    from harvdiag.core.findings import Findings
    from harvdiag.core.model import Finding, ObjectRef
    from harvdiag.core.policy import Policy
    from harvdiag.figures import draw
    from harvdiag.figures.album import album
    from harvdiag.figures.explore import explore
    from harvdiag.figures.explore.explorer import Explorer
    from harvdiag.figures.figure import Figure
    from harvdiag.notebook.annotate import annotate
    from harvdiag.notebook.pick import pick, pick_source
    from harvdiag.status.changes.comparison import Comparison
    from harvdiag.status.glossary import Term
    from harvdiag.status.preflight import Preflight

from harvdiag.core.target import CONTEXT, TIMEOUT, context_target
from harvdiag.version import __version__ as __version__

__all__ = [
    "Access",
    "AccessError",
    "Cluster",
    "Explorer",
    "Figure",
    "Finding",
    "Findings",
    "HarvdiagError",
    "ObjectRef",
    "SourceError",
    "UsageError",
    "album",
    "annotate",
    "compare",
    "connect",
    "draw",
    "explain",
    "explore",
    "open",
    "pick",
    "pick_source",
    "preflight",
    "redact",
    "report",
    "rulebook",
    "scenario",
    "stamp",
    "training",
    "whoami",
    "work_folder",
]

_HOMES = {
    "Access": "harvdiag.access.rights",
    "AccessError": "harvdiag.core.errors",
    "Cluster": "harvdiag.cluster",
    "Explorer": "harvdiag.figures.explore.explorer",
    "Figure": "harvdiag.figures.figure",
    "Finding": "harvdiag.core.model",
    "Findings": "harvdiag.core.findings",
    "HarvdiagError": "harvdiag.core.errors",
    "ObjectRef": "harvdiag.core.model",
    "SourceError": "harvdiag.core.errors",
    "UsageError": "harvdiag.core.errors",
    "album": "harvdiag.figures.album",
    "annotate": "harvdiag.notebook.annotate",
    "draw": "harvdiag.figures",
    "explore": "harvdiag.figures.explore",
    "pick": "harvdiag.notebook.pick",
    "pick_source": "harvdiag.notebook.pick",
    "work_folder": "harvdiag.notebook.folder",
}


class _Package(ModuleType):
    """This package. A function of it, such as `redact`, stays what it is when the room of the same name is imported."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in __all__ and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name == "training":
        return _open_training()
    raise AttributeError(f"module 'harvdiag' has no attribute {name!r}")


def _open_training() -> ModuleType:
    """The module. In a notebook gaps of exercises are read from now on as learners fill them."""
    if "IPython" in sys.modules:
        from harvdiag.notebook.gaps import register_gaps

        register_gaps()
    return import_module("harvdiag.training")


def connect(
    context: str | None = None,
    *,
    kubeconfig: str | os.PathLike[str] | None = None,
    request_timeout: float | str = TIMEOUT,
    notes: str | os.PathLike[str] | None = None,
    config: str | os.PathLike[str] | bool | None = None,
) -> Cluster:
    """Connect to the cluster of a kubeconfig context (default: the current one), as kubectl does. Read-only.

    The context may also be written ``context:lab``. `kubeconfig` is the file; default: ``KUBECONFIG``, then
    ``~/.kube/config``, then the pod's service account. Lists are read on first use and then kept; `request_timeout` is
    in seconds, or a duration such as ``"5m"``; `notes` and `config` are as for `open`. Raises AccessError, in one
    line, if the cluster cannot be reached or rejects the credentials, SourceError if it is not a Harvester cluster.
    """
    from harvdiag.cluster import Cluster
    from harvdiag.core.timestamps import parse_duration
    from harvdiag.io.progress import default_progress
    from harvdiag.sources import open_source

    timeout = parse_duration(request_timeout)
    target = context_target(context)
    policy = _read_policy(config)
    source = open_source(target, kubeconfig=kubeconfig, timeout=timeout, progress=default_progress())
    return Cluster(source, notes, policy)


def open(  # noqa: A001 - reads as hd.open, like gzip.open
    source: str | os.PathLike[str],
    *,
    notes: str | os.PathLike[str] | None = None,
    config: str | os.PathLike[str] | bool | None = None,
) -> Cluster:
    """Open a support bundle (zip, one of its parts, or the extracted folder), a snapshot file, or kubectl output;
    ``context:lab`` is the live cluster of that kubeconfig context, ``context:`` that of the current one.

    ``-`` reads standard input. Nothing is extracted; a kind is read on first use. `notes` is the file with the notes on
    it; default: ``NAME.notes.yaml`` beside the source, of a cluster in the working folder. `config` is
    the file of settings; default: ``HARVDIAG_CONFIG``, else ``harvdiag.toml`` or ``[tool.harvdiag]`` in
    ``pyproject.toml``, here or in a folder above within the project; False: none. Raises SourceError, in one line, for
    input that cannot be used, AccessError for a cluster that cannot be reached, UsageError for an empty name and for a
    file of notes or settings that cannot be read or has mistakes.
    """
    from harvdiag.cluster import Cluster
    from harvdiag.io.progress import default_progress
    from harvdiag.sources import open_source

    _refuse_empty(source)
    policy = _read_policy(config)
    return Cluster(open_source(source, progress=default_progress()), notes, policy)


def _read_policy(config: str | os.PathLike[str] | bool | None) -> Policy:
    from harvdiag.config import load_policy
    from harvdiag.rules import known_names

    return load_policy(config, known_names)


def compare(
    before: Cluster | str | os.PathLike[str],
    now: Cluster | str | os.PathLike[str],
    *,
    key: str | os.PathLike[str] | None = None,
) -> Comparison:
    """Compare two readings of one cluster, the earlier first; each a Cluster, or what `open` takes.

    ``.new`` and ``.gone`` are findings, ``.upgrade``, ``.versions``, ``.changes`` the rest, ``.changed`` whether
    anything differs, ``.frame`` and ``.document`` the whole; ``hd.draw`` draws it. Where the first was collected after
    the second, they are taken in the order of their times (`backwards`). Where one is redacted, `key` is the file of
    the key of its pseudonyms; default: your own. Raises as `open` does, UsageError without that key.
    """
    from harvdiag.cluster import Cluster
    from harvdiag.core.errors import UsageError

    for each in (before, now):
        if not isinstance(each, Cluster | str | os.PathLike):
            raise UsageError(f"compare needs clusters or names of files, not {type(each).__name__}")
    earlier, later = (each if isinstance(each, Cluster) else open(each) for each in (before, now))
    if key is not None or earlier.snapshot.manifest.redacted != later.snapshot.manifest.redacted:
        from harvdiag.redact import match_snapshots

        matched = match_snapshots(earlier.snapshot, later.snapshot, key)
        both = zip((earlier, later), matched, strict=True)
        earlier, later = (Cluster(snapshot, policy=each.policy) for each, snapshot in both)
    return later.compare(earlier)


def preflight(source: Cluster | str | os.PathLike[str], target: str = "") -> Preflight:
    """Answer whether an upgrade may begin, and if not, why not; `source` is a Cluster, or what `open` takes.

    `target` is the version to upgrade to, ``"v1.5.0"``. ``.ready``, ``.verdict``, ``.reasons`` are the answer,
    ``.rows`` each check of Harvester's own, ``.by_hand`` what is left to run, ``.frame`` the table. Raises UsageError
    for a target that is not a version, a SourceError where no check could be made, and as `open` does.
    """
    from harvdiag.cluster import Cluster
    from harvdiag.upgrade.target import parse_target

    version = parse_target(target) if target else ""  # before anything is read
    return (source if isinstance(source, Cluster) else open(source)).preflight(version)


def whoami(
    source: str | os.PathLike[str] = CONTEXT,
    *,
    kubeconfig: str | os.PathLike[str] | None = None,
    request_timeout: float | str = TIMEOUT,
) -> Access:
    """Return the identity at a cluster (``context:lab``; default: the current context) and the kinds it may list.

    ``lab`` alone is enough if no file has that name. No object is read. For a file, which needs no login, it says so.
    Raises AccessError as `connect` does.
    """
    from harvdiag.access import whoami as access
    from harvdiag.core.timestamps import parse_duration
    from harvdiag.io.progress import default_progress

    _refuse_empty(source)
    return access.whoami(source, kubeconfig, parse_duration(request_timeout), default_progress())


def _refuse_empty(source: str | os.PathLike[str]) -> None:
    """Refuse an empty name: most likely an unset variable, not the current folder."""
    if not os.fspath(source):
        from harvdiag.core.errors import UsageError

        raise UsageError("the name of the source is empty; the cluster of the current context is 'context:'")


def rulebook(word: str = "", *, config: str | os.PathLike[str] | bool | None = None) -> pd.DataFrame:
    """Return the rules, those of a family, or one: `rule`, `family`, `severity`, `summary`, `why`, `needs` (all str).

    Those of one's own are of the family ``local``; `config` is as for `open`. Raises UsageError for a word that is
    neither a rule nor a family, and for mistakes in the settings.
    """
    from harvdiag.reports.notebook.rulebook import rule_table as frame

    return frame(word, _read_policy(config))


def explain(term: str = "") -> Term | pd.DataFrame:
    """Return what a term in the reports means, with its source: ``hd.explain("plan Secret")``; a card in notebooks.

    Without a term it is the table of all: `group`, `term`, `also`, `meaning`, `source` (all str). The name of a rule
    gives its row of `rulebook`. Raises UsageError, which says what may have been meant, for another word.
    """
    from harvdiag.reports.notebook.glossary import term_table
    from harvdiag.rules import registry
    from harvdiag.status.glossary import find_term

    if not term:
        return term_table()
    return rulebook(term, config=False) if term in registry() else find_term(term)


def scenario(file: str | os.PathLike[str]) -> Cluster:
    """Open a small broken cluster to practise on, a file below ``data/scenarios``.

    Raises UsageError, in one line, for a file without one.
    """
    from harvdiag.training import open_scenario

    return open_scenario(file)


def stamp(cluster: Cluster) -> str:
    """Return what a result was made with, in one line to stand at the end of a notebook.

    ``harvdiag 0.2.0 · issue-8236.zip · 2025-05-08 10:00 UTC · Harvester v1.4.2``
    """
    from harvdiag.status.source import describe_reading

    return f"harvdiag {__version__} · {describe_reading(cluster.source, cluster.facts.now)}"


def redact(
    cluster: Cluster,
    *,
    key: str | os.PathLike[str] | None = None,
    words: Iterable[str] = (),
    patterns: Iterable[str] = (),
) -> Cluster:
    """Return the cluster with pseudonyms instead of names and addresses, and without credentials; safe to hand on.

    ``hd.redact(cluster).save("redacted.harvdiag.zip")``. Equal names get equal pseudonyms, in every source under one
    `key`: a private file, by default your own, made on first use. `words` and `patterns` (regular expressions) are
    replaced besides. Raises UsageError for a key or a pattern that cannot be used.
    """
    from harvdiag.cluster import Cluster
    from harvdiag.redact import Redactor, load_key, redact_snapshot

    redactor = Redactor(load_key(key), tuple(words), tuple(patterns))
    return Cluster(redact_snapshot(cluster.snapshot, redactor), cluster.notes.path, cluster.policy)


def report(shown: Cluster | Findings | Preflight, file: str | os.PathLike[str]) -> Path:
    """Write a report to a file in the format of its extension; return its path.

    ``.html``, ``.md``, ``.json``, ``.txt``, ``.xml`` (JUnit) and ``.sarif`` are known.

    ``hd.report(cluster, "report.html")`` has all findings and the pictures; ``hd.report(findings, …)`` those findings,
    such as of some checks only, without pictures, which need the cluster; ``hd.report(cluster.preflight(…), …)`` is the
    check-list before an upgrade, to keep with the change ticket. Raises UsageError for another extension and for a file
    that cannot be written.
    """
    from harvdiag.share import write_report

    return write_report(shown, file)


if "IPython" in sys.modules:
    from harvdiag.notebook.display import register_formatters

    register_formatters()
