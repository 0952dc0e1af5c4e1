"""A source at the port of a snapshot whose lists, and what became of them, a test chooses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harvdiag.cluster import Cluster
from harvdiag.core.fields import Obj
from harvdiag.core.model import State
from harvdiag.kinds import qualified_name
from harvdiag.kinds.kind import Kind
from harvdiag.snapshot import Listing, Manifest, Resource, Snapshot

CAPTURED_AT = "2025-05-08T10:00:00Z"


class Port:
    """Gives the objects of a kind in its home namespace; `states` says of which kinds it gives none, and how so.

    `read_kinds` counts what was asked for.
    """

    def __init__(
        self,
        objects: Iterable[Any] = (),
        states: Mapping[str, State] | None = None,
        resources: Sequence[Resource] = (),
        captured_at: str = CAPTURED_AT,
    ) -> None:
        self.manifest = Manifest(kind="files", name="port", captured_at=captured_at)
        self.states = dict(states or {})
        self.read_kinds: list[str] = []
        self._resources = resources
        self._lists: dict[str, list[Any]] = {}
        for obj in objects:
            self._lists.setdefault(qualified_name(obj["apiVersion"].rpartition("/")[0], obj["kind"]), []).append(obj)

    def resources(self) -> Sequence[Resource]:
        """What the source says that it holds."""
        return self._resources

    def host(self, name: str) -> Obj | None:  # noqa: ARG002
        """No host has an archive."""
        return None

    def read(self, kinds: Sequence[Kind]) -> list[Listing]:
        """One list a kind."""
        self.read_kinds += [kind.name for kind in kinds]
        return [self._listing(kind, self.states.get(kind.name, State.COLLECTED)) for kind in kinds]

    def _listing(self, kind: Kind, state: State) -> Listing:
        items = self._lists.get(kind.name, []) if state is State.COLLECTED else []
        version = next(iter(kind.versions), "")
        return Listing(
            kind=kind,
            version=version,
            namespace=kind.home,
            items=items,
            state=state,
            reason="" if state.seen else "for a reason",
        )


def cluster(objects: Iterable[Any] = (), **states: State) -> Cluster:
    """A cluster of these objects; a keyword says of a kind what became of its list."""
    return Cluster(Snapshot(Port(objects, states)))
