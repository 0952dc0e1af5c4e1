"""A support bundle as a source: the zip in place, its parts, or the folder it was extracted to.

Only the files of the kinds asked for are opened. What the listing, ``metadata.yaml`` and ``bundleGenerationError.log``
tell becomes the state of each list: a list that is not there means "none existed" only where the collector looked and
did not complain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from weakref import finalize

from harvdiag.core.errors import HarvdiagError, SourceError
from harvdiag.core.fields import Obj
from harvdiag.core.model import State
from harvdiag.io.archive import Container, MemberError, open_container
from harvdiag.io.yaml import load_kit_document, load_kit_list, paused_collector
from harvdiag.kinds import CATALOGUE, known
from harvdiag.kinds.kind import Kind
from harvdiag.snapshot import Listing, Manifest, Resource
from harvdiag.sources.bundle.damage import mend
from harvdiag.sources.bundle.errorlog import Complaints, parse
from harvdiag.sources.bundle.layout import Layout, survey
from harvdiag.sources.bundle.nodes import describe

__all__ = ["BundleReader"]

HOME = "harvester-system"


class BundleReader:
    """Reads one bundle; raises SourceError at once where the input is no bundle of a Harvester cluster."""

    def __init__(self, path: Path) -> None:
        self._box: Container = open_container(path)
        finalize(self, self._box.close)  # nobody closes a Cluster: the file goes when it does
        self._layout: Layout = survey(self._box.names("yamls/"), path.name)
        self._log: Complaints = parse(self._text("bundleGenerationError.log"))
        self._refuse_foreign(path.name)
        self.manifest = self._manifest(path.name)

    def resources(self) -> Sequence[Resource]:
        """One entry a file below ``yamls/``."""
        return tuple(self._layout.files)

    def read(self, kinds: Sequence[Kind]) -> list[Listing]:
        """The lists of these kinds, with what became of each."""
        wanted = [(kind, resource) for kind in kinds for resource in self._wanted(kind)]
        with paused_collector():
            listings = [self._list(kind, resource) for kind, resource in wanted]
        there = {(kind.name, resource.namespace) for kind, resource in wanted}
        listings += [self._hosts(kind) for kind in kinds if kind.name == "Host"]
        # Of a kind that is not in the catalogue nobody knows where it should be, so it cannot be missing there.
        expected = [kind for kind in kinds if kind.name in CATALOGUE and kind.name != "Host"]
        return listings + [self._missing(kind) for kind in expected if (kind.name, kind.home) not in there]

    def _wanted(self, kind: Kind) -> list[Resource]:
        """The lists of a kind, one a namespace."""
        found = [r for r in self._layout.files if known(r.group, r.plural).name == kind.name]
        return [self._preferred(kind, found, namespace) for namespace in sorted({r.namespace for r in found})]

    def host(self, node: str) -> Obj | None:
        """What the archive of one host says of it; None where there is none, or none that can be read."""
        try:
            return self._host(node) if node in self._archives else None
        except HarvdiagError:
            return None

    def _host(self, node: str) -> Obj:
        with self._box.nested(self._archives[node]) as archive:
            return describe(node, archive.names("etc/rancher/"), archive.read)

    def logs(self, folder: str) -> Sequence[str]:
        """The logs of pods, and those in the nodes' archives, whose name begins so."""
        found = list(self._pod_logs(folder))
        for node in sorted(self._archives):
            start = f"nodes/{node}.zip/"
            if folder.startswith(start) or start.startswith(folder):
                with self._box.peek(self._archives[node]) as archive:
                    found += [f"{start}{name.removeprefix(f'{node}/')}" for name in archive.names("logs/")]
        return [name for name in found if name.startswith(folder)]

    def _pod_logs(self, folder: str) -> Iterator[str]:
        root = self._layout.root
        for name in self._box.names(f"{root}{folder}" if folder.startswith("logs/") else f"{root}logs/"):
            if name.startswith(f"{root}logs/"):
                yield name.removeprefix(root)

    def tail(self, name: str, most: int) -> bytes:
        """The last bytes of one log."""
        place, mark, inner = name.partition(".zip/")
        node = place.removeprefix("nodes/")
        if not mark or node not in self._archives:
            return self._box.tail(f"{self._layout.root}{name}", most)
        with self._box.peek(self._archives[node]) as archive:
            return archive.tail(f"{node}/{inner}", most)

    @cached_property
    def _archives(self) -> dict[str, str]:
        """The member of each node's archive, by the Node's name."""
        head = f"{self._layout.root}nodes/"
        names = [name for name in self._box.names("nodes/") if name.startswith(head) and name.endswith(".zip")]
        return {name.removeprefix(head).removesuffix(".zip"): name for name in names}

    def _hosts(self, kind: Kind) -> Listing:
        """Every host that has an archive; the agents run on managed, ready nodes only, so absence proves nothing."""
        hosts: list[Obj] = []
        faults: list[str] = []
        for node in sorted(self._archives):
            try:
                hosts.append(self._host(node))
            except HarvdiagError as error:
                faults.append(str(error))
        if not self._archives:
            return Listing(kind=kind, state=State.NOT_LOOKED_AT, reason="the bundle has no archives of nodes")
        return Listing(
            kind=kind, items=hosts, state=State.FAILED if faults else State.COLLECTED, reason="; ".join(faults[:3])
        )

    def _preferred(self, kind: Kind, found: list[Resource], namespace: str) -> Resource:
        """The kit writes one version; where two are there, the one the catalogue names first."""
        versions = {r.version: r for r in found if r.namespace == namespace}
        first = next((v for v in kind.versions if v in versions), max(versions))
        return versions[first]

    def _list(self, kind: Kind, resource: Resource) -> Listing:
        member = self._layout.files[resource]
        complaint = self._log.about(resource.group, resource.plural, resource.namespace)
        try:
            items = [mend(item) for item in load_kit_list(self._box.read(member))]
        except HarvdiagError as error:
            reason = str(error) if isinstance(error, MemberError) else f"{member}: {error}"
            return Listing(
                kind=kind, version=resource.version, namespace=resource.namespace, state=State.FAILED, reason=reason
            )
        state = State.FAILED if complaint else State.COLLECTED
        reason = f"the collector failed: {complaint}" if complaint else ""
        return Listing(
            kind=kind, version=resource.version, namespace=resource.namespace, items=items, state=state, reason=reason
        )

    def _missing(self, kind: Kind) -> Listing:
        state, reason = self._why_missing(kind)
        return Listing(kind=kind, namespace=kind.home, state=state, reason=reason)

    def _why_missing(self, kind: Kind) -> tuple[State, str]:
        """A missing list: none existed, the collector failed, or never looked; docs/objects.md#bundle-missing-list."""
        if not kind.served:
            return State.NOT_LOOKED_AT, "bundles do not hold this; a live cluster tells it"
        if why := self._complaint(kind):
            return State.FAILED, why
        if self._layout.old:
            return State.NOT_LOOKED_AT, "bundles of this age (2021) do not hold this kind"
        if kind.home and kind.home not in self._layout.namespaces:
            return State.NOT_LOOKED_AT, f"namespace {kind.home} is not in the bundle"
        if kind.only:
            return State.NOT_LOOKED_AT, "no plan Secrets in this bundle; collectors before November 2022 leave them out"
        return State.EMPTY, ""

    def _complaint(self, kind: Kind) -> str:
        """What went wrong with a list or its whole scope; empty where nothing is known to have."""
        if why := self._log.about(kind.group, kind.plural, kind.home):
            return f"the collector failed: {why}"
        scope = "namespaced" if kind.home else "cluster"
        if scope in self._log.scopes:
            # Another of its collectors may still have written a file or two of this scope.
            return f"the collector could not fetch {scope} resources: {self._log.scopes[scope]}"
        return "" if kind.home or self._layout.has_cluster_scope else "the bundle has no yamls/cluster"

    def _text(self, name: str) -> str:
        member = self._layout.root + name
        if member not in self._box.names(name):
            return ""
        try:
            return self._box.read(member).decode(errors="replace")
        except HarvdiagError as error:
            raise SourceError(f"{Path(self._box.name).name}: {error}") from error

    def _refuse_foreign(self, name: str) -> None:
        """The kit also serves Longhorn and others; without one object of Harvester there is nothing to judge."""
        if not any(r.group.endswith("harvesterhci.io") or r.namespace == HOME for r in self._layout.files):
            raise SourceError(
                f"{name}: a support bundle, but not of Harvester: it holds no harvesterhci.io objects; "
                "collect it from Harvester's own Support page"
            )

    def _manifest(self, name: str) -> Manifest:
        try:
            document = load_kit_document(self._text("metadata.yaml").encode())
        except HarvdiagError as error:
            return Manifest(kind="bundle", name=name, notes=(f"metadata.yaml cannot be read: {error}",))
        found = document if isinstance(document, dict) else {}
        notes = tuple(f"collector: {line}" for line in self._log.others[:5])
        if not found.get("bundlecreatedat"):
            notes = ("the time of collection is not known: metadata.yaml is missing or does not tell it", *notes)
        return Manifest(
            kind="bundle",
            name=name,
            captured_at=str(found.get("bundlecreatedat") or ""),
            kubernetes_version=str(found.get("kubernetesversion") or ""),
            notes=notes,
        )
