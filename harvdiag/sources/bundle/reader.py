"""A support bundle as a source: the zip in place, its parts, or the folder it was extracted to.

Only the files of the requested kinds are opened. The file names, ``metadata.yaml`` and ``bundleGenerationError.log``
give the state of each list: a missing list means "none existed" only if the collector looked and reported no error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from weakref import finalize

from harvdiag.core.errors import HarvdiagError, SourceError
from harvdiag.core.fields import Obj, name_of
from harvdiag.core.model import State
from harvdiag.core.suggest import join_names
from harvdiag.io.archive import Container, MemberError, open_container
from harvdiag.io.yaml import cut_rows, dropping, load_kit_document, load_kit_list, paused_collector
from harvdiag.kinds import CATALOGUE, NAMESPACES, kind_for_resource
from harvdiag.kinds.kind import Kind
from harvdiag.kinds.plansecret import STATUS_KEYS
from harvdiag.kinds.wanted import Wanted
from harvdiag.snapshot import Listing, Manifest, Resource
from harvdiag.sources.bundle.damage import repair_text
from harvdiag.sources.bundle.errorlog import Complaints, parse_error_log
from harvdiag.sources.bundle.layout import BEYOND, Layout, is_bare, read_layout
from harvdiag.sources.bundle.nodes import describe_host

__all__ = ["FAILED", "REDACTED", "BundleReader"]

HOME = "harvester-system"
FAILED = "the collector failed: "
"""Before the reason of a list that the collector's log names."""
REDACTED = "harvdiagredacted"
"""The key of ``metadata.yaml`` with which a bundle says that it is redacted (`Manifest.redacted`)."""

CUTS = {"nodes": cut_rows, "secrets": dropping(STATUS_KEYS)}
"""What goes past the parser: the labels and images of Nodes, and of Secrets what is never kept of one."""


class BundleReader:
    """Reads one bundle; raises SourceError at once if the input is not a bundle of a Harvester cluster."""

    def __init__(self, path: Path) -> None:
        self._box: Container = open_container(path)
        finalize(self, self._box.close)  # a Cluster is never closed: the file is closed when it is collected
        self._layout: Layout = read_layout(self._box.names("yamls/"), path.name)
        self._log: Complaints = parse_error_log(self._read_text("bundleGenerationError.log"))
        self._refuse_foreign(path.name)
        self.manifest = self._build_manifest(path.name)

    def resources(self) -> Sequence[Resource]:
        """Return one entry per file below ``yamls/``."""
        return tuple(self._layout.files)

    def read(self, kinds: Sequence[Kind]) -> list[Listing]:
        """Read the lists of these kinds, with the state of each."""
        wanted = [(kind, resource) for kind in kinds for resource in self._find_resources(kind)]
        with paused_collector():
            listings = [self._read_list(kind, resource) for kind, resource in wanted]
        there = {(kind.name, resource.namespace) for kind, resource in wanted}
        listings += [self._list_hosts(kind) for kind in kinds if kind.name == "Host"]
        # For a kind outside the catalogue it is unknown where it should be, so it cannot be missing there.
        expected = [kind for kind in kinds if kind.name in CATALOGUE and kind.name != "Host"]
        return listings + [self._missing_listing(kind) for kind in expected if (kind.name, kind.home) not in there]

    def select(self, kind: Kind, wanted: Wanted) -> Listing:
        """Read the objects of one namespace that may be wanted: the others are left out before they are parsed."""
        namespace = wanted.namespace or kind.home
        resource = next((r for r in self._find_resources(kind) if r.namespace == namespace), None)
        if resource is None:
            return self._missing_listing(kind, namespace)
        with paused_collector():
            return self._read_list(kind, resource, wanted.text_test(kind.name))

    def ask(self, kind: Kind, wanted: Wanted) -> list[Listing]:
        """Read the lists of a kind in one namespace or in every one; of a large kind only what may be wanted."""
        there = [r for r in self._find_resources(kind) if wanted.namespace in {"", r.namespace} or not r.namespace]
        if not kind.served or not (there or wanted.namespace):
            return self.read([kind])
        chosen = wanted.text_test(kind.name) if kind.lazy or kind.name not in CATALOGUE else None
        with paused_collector():
            found = [self._read_list(kind, resource, chosen) for resource in there]
        if wanted.everywhere and all(resource.namespace != kind.home for resource in there):
            found.append(self._missing_listing(kind))
        return found or [self._missing_listing(kind, wanted.namespace)]

    def beyond(self, kind: Kind) -> str:
        """Return why a kind may have objects in namespaces that are not in the bundle; empty if it has none there."""
        if not kind.home:
            return ""
        known, held = self._namespaces, self._layout.namespaces
        missing = [space for space in known if space not in held and not is_bare(space, kind)]
        if known and not missing:
            return ""
        named = f": not in it: {join_names(missing)}" if missing else ""
        return f"{BEYOND}{named}"

    @cached_property
    def _namespaces(self) -> tuple[str, ...]:
        """The namespaces of the cluster, if the bundle tells."""
        found = (listing for listing in self.read([kind_for_resource("", NAMESPACES.plural)]) if listing.state.seen)
        return tuple(sorted(name_of(item) for listing in found for item in listing.items if isinstance(item, dict)))

    def _find_resources(self, kind: Kind) -> list[Resource]:
        """The lists of a kind, one per namespace."""
        resources = [r for r in self._layout.files if kind_for_resource(r.group, r.plural).name == kind.name]
        return [
            self._choose_version(kind, resources, namespace) for namespace in sorted({r.namespace for r in resources})
        ]

    def host(self, node: str) -> Obj | None:
        """Return the data in the archive of one host; None if there is none, or none that can be read."""
        try:
            return self._read_host(node) if node in self._node_archives else None
        except HarvdiagError:
            return None

    def _read_host(self, node: str) -> Obj:
        with self._box.open_nested(self._node_archives[node]) as archive:
            return describe_host(node, archive.names("etc/rancher/"), archive.read)

    def logs(self, folder: str) -> Sequence[str]:
        """Return the logs of pods and in the node archives whose name begins with `folder`."""
        names = list(self._pod_logs(folder))
        for node in sorted(self._node_archives):
            start = f"nodes/{node}.zip/"
            if folder.startswith(start) or start.startswith(folder):
                with self._box.open_streamed(self._node_archives[node]) as archive:
                    names += [f"{start}{name.removeprefix(f'{node}/')}" for name in archive.names("logs/")]
        return [name for name in names if name.startswith(folder)]

    def _pod_logs(self, folder: str) -> Iterator[str]:
        root = self._layout.root
        for name in self._box.names(f"{root}{folder}" if folder.startswith("logs/") else f"{root}logs/"):
            if name.startswith(f"{root}logs/"):
                yield name.removeprefix(root)

    def tail(self, name: str, most: int) -> bytes:
        """Read the last bytes of one log, at most `most`."""
        place, mark, inner = name.partition(".zip/")
        node = place.removeprefix("nodes/")
        if not mark or node not in self._node_archives:
            return self._box.tail(f"{self._layout.root}{name}", most)
        with self._box.open_streamed(self._node_archives[node]) as archive:
            return archive.tail(f"{node}/{inner}", most)

    def stream(self, name: str) -> Iterator[bytes]:
        """Read one log piece by piece."""
        place, mark, inner = name.partition(".zip/")
        node = place.removeprefix("nodes/")
        if not mark or node not in self._node_archives:
            yield from self._box.pieces(f"{self._layout.root}{name}")
            return
        with self._box.open_nested(self._node_archives[node]) as archive:
            yield from archive.pieces(f"{node}/{inner}")

    @cached_property
    def _node_archives(self) -> dict[str, str]:
        """The member of each node's archive, by the Node's name."""
        head = f"{self._layout.root}nodes/"
        names = [name for name in self._box.names("nodes/") if name.startswith(head) and name.endswith(".zip")]
        return {name.removeprefix(head).removesuffix(".zip"): name for name in names}

    def _list_hosts(self, kind: Kind) -> Listing:
        """All hosts with an archive; the agents run on managed, ready nodes only, so absence proves nothing."""
        hosts: list[Obj] = []
        faults: list[str] = []
        for node in sorted(self._node_archives):
            try:
                hosts.append(self._read_host(node))
            except HarvdiagError as error:
                faults.append(str(error))
        if not self._node_archives:
            return Listing(kind=kind, state=State.NOT_LOOKED_AT, reason="the bundle has no node archives")
        return Listing(
            kind=kind, items=hosts, state=State.FAILED if faults else State.COLLECTED, reason="; ".join(faults[:3])
        )

    def _choose_version(self, kind: Kind, resources: list[Resource], namespace: str) -> Resource:
        """The kit writes one version; if there are two, the one that is first in the catalogue."""
        versions = {r.version: r for r in resources if r.namespace == namespace}
        first = next((v for v in kind.versions if v in versions), max(versions))
        return versions[first]

    def _read_list(self, kind: Kind, resource: Resource, chosen: Callable[[bytes], bool] | None = None) -> Listing:
        member = self._layout.files[resource]
        complaint = self._log.find_reason(resource.group, resource.plural, resource.namespace)
        try:
            items = load_kit_list(self._box.read(member), chosen, CUTS.get(kind.resource), repair_text)
        except HarvdiagError as error:
            reason = str(error) if isinstance(error, MemberError) else f"{member}: {error}"
            return Listing(
                kind=kind, version=resource.version, namespace=resource.namespace, state=State.FAILED, reason=reason
            )
        state = State.FAILED if complaint else State.COLLECTED
        reason = f"{FAILED}{complaint}" if complaint else ""
        return Listing(
            kind=kind, version=resource.version, namespace=resource.namespace, items=items, state=state, reason=reason
        )

    def _missing_listing(self, kind: Kind, namespace: str | None = None) -> Listing:
        space = kind.home if namespace is None else namespace
        state, reason = self._why_missing(kind, space)
        return Listing(kind=kind, namespace=space, state=state, reason=reason)

    def _why_missing(self, kind: Kind, namespace: str) -> tuple[State, str]:
        """A missing list: none existed, the collector failed, or never looked; docs/objects.md#bundle-missing-list."""
        if not kind.served:
            return State.NOT_LOOKED_AT, "bundles do not contain this; only a live cluster has it"
        if why := self._collector_error(kind, namespace):
            return State.FAILED, why
        if self._layout.old:
            return State.NOT_LOOKED_AT, "bundles of 2021 do not contain this kind"
        if namespace and namespace not in self._layout.namespaces:
            return State.NOT_LOOKED_AT, f"namespace {namespace} is not in the bundle"
        if kind.only:
            return State.NOT_LOOKED_AT, "no plan Secrets in this bundle; collectors before November 2022 leave them out"
        return State.EMPTY, ""

    def _collector_error(self, kind: Kind, namespace: str) -> str:
        """The collector's error for a list or its whole scope; empty if none is known."""
        if why := self._log.find_reason(kind.group, kind.plural, namespace):
            return f"{FAILED}{why}"
        scope = "namespaced" if namespace else "cluster"
        if scope in self._log.scopes:
            # Another of its collectors may still have written some files of this scope.
            return f"the collector could not fetch {scope} resources: {self._log.scopes[scope]}"
        return "" if namespace or self._layout.has_cluster_scope else "the bundle has no yamls/cluster"

    def _read_text(self, name: str) -> str:
        member = self._layout.root + name
        if member not in self._box.names(name):
            return ""
        try:
            return self._box.read(member).decode(errors="replace")
        except HarvdiagError as error:
            raise SourceError(f"{Path(self._box.name).name}: {error}") from error

    def _refuse_foreign(self, name: str) -> None:
        """Raise SourceError for bundles of other products: the kit also serves Longhorn and others."""
        if not any(r.group.endswith("harvesterhci.io") or r.namespace == HOME for r in self._layout.files):
            raise SourceError(
                f"{name}: a support bundle, but not of Harvester: it contains no harvesterhci.io objects; "
                "collect it from Harvester's own Support page"
            )

    def _build_manifest(self, name: str) -> Manifest:
        try:
            document = load_kit_document(self._read_text("metadata.yaml").encode())
        except HarvdiagError as error:
            return Manifest(kind="bundle", name=name, notes=(f"metadata.yaml cannot be read: {error}",))
        metadata = document if isinstance(document, dict) else {}
        notes = tuple(f"collector: {line}" for line in self._log.others[:5])
        if not metadata.get("bundlecreatedat"):
            notes = ("the time of collection is not known: metadata.yaml is missing or does not contain it", *notes)
        return Manifest(
            kind="bundle",
            name=name,
            captured_at=str(metadata.get("bundlecreatedat") or ""),
            kubernetes_version=str(metadata.get("kubernetesversion") or ""),
            notes=notes,
            redacted=str(metadata.get(REDACTED) or ""),
        )
