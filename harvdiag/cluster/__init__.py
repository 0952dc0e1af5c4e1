"""The cluster as used in a notebook: tables, graph, coverage and check over one snapshot."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, Unpack

from harvdiag import rules
from harvdiag.cluster.tables import Tables
from harvdiag.core.errors import SourceError, UsageError
from harvdiag.core.findings import Findings, Origin, Source, UncheckedError, UpgradeState
from harvdiag.core.model import Coverage, Finding, Outcome, tie_findings
from harvdiag.core.notes import Note, Notes
from harvdiag.core.policy import Policy
from harvdiag.graph.references import Links
from harvdiag.kinds import DIAGNOSIS, GRAPH, PREFLIGHT_WHOLE
from harvdiag.notes import open_notes
from harvdiag.snapshot import Snapshot
from harvdiag.snapshot.locate import find_ref, not_found_error
from harvdiag.status.summary import format_count
from harvdiag.status.under_way import read_upgrade_state

if TYPE_CHECKING:
    import os

    from harvdiag.cure.model import Simulation
    from harvdiag.cure.plan import Runbook
    from harvdiag.graph.build import Graph
    from harvdiag.sources.saved.writer import Saved
    from harvdiag.status.answer import Answer
    from harvdiag.status.changes.comparison import Comparison
    from harvdiag.status.links.view import LinkRows
    from harvdiag.status.nodes.board import Board
    from harvdiag.status.preflight import Preflight
    from harvdiag.status.upgrade import UpgradeStatus
    from harvdiag.upgrade.logs import LogLines, LogOptions

__all__ = ["Cluster"]


class Cluster(Tables):
    """One cluster at one time. Everything is read and computed on first use, and only once."""

    def __init__(
        self, snapshot: Snapshot, notes: str | os.PathLike[str] | None = None, policy: Policy | None = None
    ) -> None:
        """`notes` is the file of the notes; default: beside the source. `policy` are the settings that `check` heeds;
        without any, nothing is ignored. Raises UsageError where the notes cannot be read.
        """
        self.snapshot, self.policy = snapshot, policy or Policy()
        self._notes = open_notes(snapshot, notes)
        if snapshot.redactor is not None:  # after the notes: who wrote them is named in reasons, too
            self.policy = self.policy.through(snapshot.redactor.text, snapshot.redactor.reveal)
        elif self.policy.ignore and snapshot.manifest.redacted:
            self.policy = self.policy.sealed()

    def __dir__(self) -> list[str]:
        return sorted(name for name in vars(Tables) | vars(type(self)) | vars(self) if not name.startswith("_"))

    def __repr__(self) -> str:
        s = self.source
        version = s.harvester_version or "of unknown version"
        when = f", collected {s.captured_at}" if s.captured_at else ""
        size = f"{format_count(s.nodes, 'Node')}, {format_count(s.machines, 'Machine')}"
        return f"<Cluster {s.name}: Harvester {version}, {size}{when}>"

    # --- what could be seen ----------------------------------------------------------------------------------------

    @property
    def coverage(self) -> Coverage:
        """What could be seen of each kind that the checks need, and of every other kind read so far."""
        self.snapshot.load(DIAGNOSIS)
        return self.snapshot.coverage

    @property
    def source(self) -> Source:
        """The source, when it was collected, and the versions found."""
        snapshot = self.snapshot
        snapshot.load(("Node", "Machine", "Setting"))
        return Source(
            kind=snapshot.manifest.kind,
            name=snapshot.manifest.name,
            captured_at=snapshot.manifest.captured_at,
            harvester_version=self.facts.harvester_version,
            kubernetes_version=snapshot.manifest.kubernetes_version,
            nodes=len(self.facts.pairing.nodes) if snapshot.seen("Node") else None,
            machines=len(self.facts.pairing.machines) if snapshot.seen("Machine") else None,
            origin=Origin(snapshot.manifest.origin.kind, snapshot.manifest.origin.name)
            if snapshot.manifest.origin
            else None,
            arguments=snapshot.arguments,
            files=snapshot.manifest.files,
            redacted=snapshot.manifest.redacted,
        )

    @property
    def kinds(self) -> list[str]:
        """Every kind that `table` can show, read or not, with kubectl's name."""
        return sorted({f"{r.plural}.{r.group}" if r.group else r.plural for r in self.snapshot.resources})

    @property
    def notes(self) -> Notes:
        """What people wrote about the cluster and its findings, as the file has it now: ``cluster.notes.path``."""
        return self._notes.refresh()

    def note(self, text: str, *, author: str = "") -> Note:
        """Write a note about the cluster as a whole, in Markdown. Raises UsageError where that is not possible."""
        return self._notes.add(Note(text=str(text).strip(), author=author))

    @cached_property
    def upgrade(self) -> UpgradeStatus:
        """The state of the upgrade and what it waits for: ``cluster.upgrade.explain()``, ``.nodes``, ``.progress``,
        ``.history``, ``.drain("srv09")``. Raises UncheckedError where neither an upgrade was seen nor a check was run.
        """
        status, unchecked = self._status
        if unchecked and status.current is None:
            raise unchecked  # an Upgrade or UpgradePlan alone tells where it is, though nothing is judged
        return status

    @cached_property
    def _status(self) -> tuple[UpgradeStatus, UncheckedError | None]:
        from harvdiag.status.upgrade import UpgradeStatus

        try:
            return UpgradeStatus(self.facts, self.check()), None
        except UncheckedError as error:
            return UpgradeStatus(self.facts, error.findings), error

    # --- the data of the pictures, as tables and JSON ---------------------------------------------------------------

    @cached_property
    def node_status(self) -> Board:
        """Every node with the answer to every question, faults first: ``cluster.node_status.frame``, ``.document``.

        Columns: `kind`, `name`, `machine`, `severity` (str), `findings` (Int64), `paired` (str), `managed`, `ready`,
        `schedulable` (boolean), `roles`, `kubelet`, `os` (str), `volumes`, `vms` (Int64), `upgrade`, `rules` (str).
        """
        from harvdiag.status.nodes.board import Board

        return Board(self.upgrade)

    @cached_property
    def link_rows(self) -> LinkRows:
        """Every link of the graph and whether it is intact, faults first: ``cluster.link_rows.frame``, ``.document``.

        Columns, all str: `source_kind`, `source`, `field`, `target_kind`, `target`, `state`, `finding`.
        """
        from harvdiag.status.links.view import select_rows

        return select_rows(self.upgrade, self.graph)

    def compare(self, other: Cluster) -> Comparison:
        """Compare with another reading of this cluster, the earlier one first: ``.frame``, ``.new``, ``.gone``, ….

        Columns, all str: `change`, `what`, `kind`, `namespace`, `name`, `field`, `before`, `now`. Raises UsageError
        if `other` is not a Cluster.
        """
        if not isinstance(other, Cluster):
            raise UsageError(f"compare needs a Cluster, as hd.open(…) returns it, not {type(other).__name__}")
        if other.snapshot.manifest.redacted != self.snapshot.manifest.redacted:
            raise UsageError(
                "one of the two is redacted and the other is not, or under another key: "
                "compare them under that key, with `harvdiag compare --key FILE` or hd.compare(…, key=…)"
            )
        from harvdiag.status.changes.comparison import Comparison

        return Comparison(other._status[0], self._status[0])

    @property
    def answer(self) -> Answer:
        """What to read first: `verdict`, `rows` (the root causes), `steps`, `cautions`, `command`; a card in notebooks.

        Raises UncheckedError as `check` does.
        """
        from harvdiag.status.answer import build_answer

        return build_answer(self.check())

    # --- graph, check ---------------------------------------------------------------------------------------

    @cached_property
    def graph(self) -> Graph:
        """A `networkx.MultiDiGraph` of Nodes, Machines, their parts, the clusters, and hosts with an archive.

        Each edge is named by the path of its field.
        """
        from harvdiag.graph import build as graph

        return graph.build_graph(Links(self.snapshot, GRAPH))

    def raw(self, kind: str, name: str, namespace: str | None = None) -> dict[str, Any] | None:
        """Return one object as received from the API, or None: ``cluster.raw("Node", "srv09")``."""
        return self.snapshot.get(find_ref(self.snapshot, kind, name, namespace))

    def yaml(self, kind: str, name: str, namespace: str | None = None) -> str:
        """Return one object as YAML text: ``print(cluster.yaml("Machine", "custom-9d026ddd9748"))``.

        It is as stored: without what harvdiag never keeps, such as the content of Secrets, and without managedFields.
        Control characters are escaped. Raises UsageError if there is no such object, or if its kind was not seen.
        """
        from harvdiag.reports.objects import dump_object

        ref = find_ref(self.snapshot, kind, name, namespace)
        obj = self.snapshot.get(ref)
        if obj is None:
            raise not_found_error(self.snapshot, ref)
        return dump_object(obj)

    def logs(self, of: str, grep: str = "", most: int = 200, **more: Unpack[LogOptions]) -> LogLines:
        """Return lines of the logs of a node or a pod of a support bundle: ``cluster.logs("srv09", grep="x509")``.

        A pod is given as ``name`` or ``namespace/name``; `grep` is a regular expression, in any case; of each log the
        last `most` lines that match are returned. `more` may be `since` and `until` (times, or how long before the
        collection: ``since="2h"``; a line without a time belongs to the one before it), `namespace`, `container` (of a
        pod, or a node's service: ``"rke2-server"``), `previous` (only the logs of previous containers, or none of
        them), and `whole` (lines are not cut to 300 characters).

        Each line has `file`, `number`, `time` and `text`, in which passwords and tokens are masked; ``.frame`` is the
        table, ``.read`` what was read of each log. Raises UsageError if there is no such log.
        """
        from harvdiag.upgrade.logs import LogQuestion, read_lines

        question = LogQuestion(of=of, grep=grep, most=most, **more)
        return read_lines(self.snapshot, question)

    @cached_property
    def _all_outcomes(self) -> list[Outcome]:
        """The results of all rules; cached, because pictures and explanations use them repeatedly."""
        return rules.run_rules(self.facts, rules.select_rules((), (), self._own_rules))

    @cached_property
    def _own_rules(self) -> dict[str, rules.Rule]:
        return rules.own_rules(self.policy)

    def save(
        self, file: str | os.PathLike[str] | None = None, kinds: Collection[str] = (), *, preflight: bool = False
    ) -> Saved:
        """Save a snapshot to one small file; `hd.open` reads it and gives the same answers as this cluster now.

        Without `file`, it is named after the cluster and the time, in the current folder; the result has its path. It
        contains every kind that harvdiag knows (of the largest, what the checks ask for), all that was read so far, and
        `kinds`, such as ``["pods"]``; only machine-plan Secrets, without their plans. With `preflight` it also has what
        a preflight reads, all Pods and claims, disks and certificates of nodes. Raises UsageError if the file cannot be
        written or a kind is unknown.
        """
        from harvdiag.sources.saved.writer import save_snapshot

        more = self.ask_all(preflight)
        return save_snapshot(self.snapshot, file, (*_as_collection(kinds), *more))

    def ask_all(self, preflight: bool = False) -> tuple[str, ...]:
        """Ask what a snapshot should answer, so that of the largest kinds it is read; return kinds to save whole."""
        with suppress(SourceError):
            if preflight:
                self.preflight()
            else:
                self.check()
        return PREFLIGHT_WHOLE if preflight else ()

    def check(self, select: Collection[str] = (), ignore: Collection[str] = ()) -> Findings:
        """Run all rules, or those whose name or family is in `select`, except those in `ignore`.

        Each may also be a single word. Raises UsageError for an unknown rule or if none is left, UncheckedError (a
        SourceError) with the empty result if none of them could be run.
        """
        chosen = rules.select_rules(_as_collection(select), _as_collection(ignore), self._own_rules)
        if not chosen:
            raise UsageError("no check is left: all that were selected are ignored too")
        outcomes = rules.run_rules(self.facts, chosen) if select or ignore else self._all_outcomes
        # A choice of checks reads no list that they do not need.
        state = None if select else read_upgrade_state(self.facts, outcomes)
        return self._build_findings(outcomes, state)

    def preflight(self, target: str = "") -> Preflight:
        """Answer whether an upgrade may begin, to the version `target` if that is told: ``.ready``, ``.reasons``,
        ``.rows`` (each check of Harvester's own), ``.untold`` (what is left to do by hand), ``.frame``.

        All checks are run, and those of the family *preflight*, which read large kinds. Raises UncheckedError where
        none could be run, UsageError for a target that cannot be a version.
        """
        from harvdiag.status.preflight.build import build_preflight
        from harvdiag.upgrade.target import parse_target

        facts = self.facts.towards(parse_target(target) if target else "")
        chosen = [*rules.select_rules((), (), self._own_rules), *rules.select_rules(["preflight"])]
        outcomes = rules.run_rules(facts, chosen)
        return build_preflight(facts, self._build_findings(outcomes, read_upgrade_state(facts, outcomes)))

    def simulate(self, action: str) -> Simulation:
        """Return what an action would do, without doing it: ``cluster.simulate("delete Node srv09")``.

        An action is ``delete KIND NAME``, ``delete host NAME`` (as in Harvester's UI), ``label`` or ``annotate KIND
        NAME KEY=VALUE`` (or ``KEY-``), ``register NODE`` or ``wait``. The result has `hazard` (its class) with
        `reasons`, the `steps` of the cascade, the findings that would be `gone` and `new`, and what is left `untold`.
        Raises UsageError for another text, or where the object does not exist.
        """
        from harvdiag.cure.action import parse_action
        from harvdiag.cure.simulate import simulate

        redactor = self.snapshot.redactor
        named = redactor.text(action) if redactor else action  # its true names are known to who has the key
        asked = parse_action(named, self.snapshot)  # before any check is run
        return simulate(self.facts, asked, self.policy, self._all_outcomes)

    def cure(self, finding: Finding | str | None = None) -> Runbook:
        """Return the ways out of a finding, compared and rehearsed: ``cluster.cure("node-without-machine srv09")``.

        `finding` is one of ``check()``, or named as for `harvdiag note`; by default the worst root cause. The result
        has the `ways`, the best first, each with its `steps`, `preconditions` and `standing`; `refused` are those that
        are not offered, `none` says why there is none. Raises UsageError where no finding is meant, or several are.
        """
        from harvdiag.cluster.asked import build_cure

        return build_cure(self, finding)

    def findings_with(self, word: str) -> Findings:
        """Return the findings of a check; where a word begins with a rule that it leaves out, those of a preflight."""
        named = word.partition(" ")[0].partition(":")[0]
        left = named in rules.registry() and rules.registry()[named] not in rules.select_rules()
        return self.preflight().findings if left else self.check()

    def _build_findings(self, outcomes: list[Outcome], state: UpgradeState | None) -> Findings:
        """The findings of outcomes, without those that are ignored."""
        outcomes, ignored = rules.set_apart(outcomes, self.policy)
        findings = Findings(self.source, self.snapshot.coverage, outcomes, state, self.notes)
        findings = findings.under(self.policy, ignored)
        tie_findings(findings.whole, self.cure)
        if findings.skipped and not any(outcome.judged for outcome in outcomes):
            from harvdiag.status.unchecked import unchecked_error

            raise unchecked_error(findings, self.kinds if self.snapshot.manifest.kind == "files" else [])
        return findings


def _as_collection(given: Collection[str]) -> Collection[str]:
    return (given,) if isinstance(given, str) else given
