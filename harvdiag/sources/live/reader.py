"""A live cluster as a source: lists over the API, concurrently, with GET alone.

A list that is forbidden, not served or unanswered gets that as its state; the rest stays usable.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cached_property, partial

from harvdiag.core.errors import AccessError, SourceError
from harvdiag.core.escape import escape_text
from harvdiag.core.fields import Obj, name_of, namespace_of
from harvdiag.core.model import OTHERS, State
from harvdiag.core.target import TIMEOUT
from harvdiag.io.api.connect import Connection, open_connection
from harvdiag.io.api.lists import Answer, list_objects
from harvdiag.io.api.pool import run_concurrently
from harvdiag.io.progress import Progress
from harvdiag.kinds import CATALOGUE, DIAGNOSIS, NAMESPACES
from harvdiag.kinds.kind import Kind
from harvdiag.kinds.sensitive import WITHHELD, is_sensitive
from harvdiag.kinds.wanted import Wanted
from harvdiag.snapshot import Listing, Manifest, Resource
from harvdiag.sources.live.hosts import HostReader

__all__ = ["LiveReader", "connect"]

HARVESTER = "harvesterhci.io"
MANY = 50


def connect(
    context: str | None = None,
    kubeconfig: str | os.PathLike[str] | None = None,
    request_timeout: float = TIMEOUT,
    progress: Progress | None = None,
) -> LiveReader:
    """Connect to the cluster of a kubeconfig context (default: the current one).

    Raises AccessError if it cannot be reached, is starting or refuses the login, SourceError if it is not a Harvester
    cluster.
    """
    if not request_timeout > 0:
        raise AccessError(f"invalid request timeout of {request_timeout:g} s: it must be above 0")
    reader = LiveReader(open_connection(context, kubeconfig, request_timeout), progress or Progress())
    reader.refuse_foreign()
    return reader


class LiveReader:
    """Reads lists on demand and keeps each, so that an interrupted read continues where it stopped."""

    def __init__(self, connection: Connection, progress: Progress) -> None:
        self.connection = connection
        self._hosts = HostReader(connection)
        self._progress = progress
        self._listings: dict[str, list[Listing]] = {}
        self._stopped = ""
        self._dated = False
        login = connection.login
        self.manifest = Manifest(
            kind="live",
            name=login.context,
            captured_at=connection.opened_at,
            kubernetes_version=connection.version,
            notes=login.notes,
        )

    def refuse_foreign(self) -> None:
        """Raise SourceError for a cluster that is certainly not Harvester: every Node would seem to lack a Machine.

        An API server that is starting looks like one, so that it is asked once more; AccessError if it goes on.
        """
        if self.connection.served.has_group(HARVESTER) is not False or self._wait_for_harvester():
            return
        login = self.connection.login
        raise SourceError(
            f"context {login.context}: {login.server} is not a Harvester cluster: it does not serve "
            f"{HARVESTER}; choose another with --context"
        )

    def _wait_for_harvester(self) -> bool:
        name = escape_text(self.manifest.name)
        try:
            return self.connection.wait_for_group(HARVESTER, lambda: self._progress.wait(f"the API server of {name}"))
        finally:
            self._progress.end()

    def stop(self, reason: str) -> None:
        """Send no more requests: lists that were not read yet get the state not looked at, for this reason."""
        self._stopped = reason

    def resources(self) -> Sequence[Resource]:
        """Return every kind that can be read, in the version that the server prefers; none that holds credentials."""
        best: dict[tuple[str, str], Resource] = {}
        kinds = self.connection.list_kinds(ask=not self._stopped)
        if notes := [note for note in self.connection.discovery_errors if note not in self.manifest.notes]:
            self.manifest = replace(self.manifest, notes=(*self.manifest.notes, *notes))
        for kind in kinds:
            if not is_sensitive(kind.group, kind.plural):
                resource = Resource(kind.group, kind.version, kind.plural, "", kind.kind)
                best.setdefault((kind.group, kind.plural), resource)
        return tuple(best.values())

    def host(self, node: str) -> Obj | None:  # noqa: ARG002 - the API lists objects, not files
        """Return None: the files of a host are in support bundles only."""
        return None

    def read(self, kinds: Sequence[Kind]) -> list[Listing]:
        """Read the lists of these kinds, one per namespace.

        The kinds that the checks need are read together with the first of them, so that they are of the same time.
        """
        wanted = [kind for kind in self._with_diagnosis_kinds(kinds) if kind.name not in self._listings]
        if self._stopped:
            return [
                listing for kind in kinds for listing in self._listings.get(kind.name) or [self._unread_listing(kind)]
            ]
        self._fetch_kinds([kind for kind in wanted if kind.served])
        self._update_date()
        for kind in wanted:
            if not kind.served:
                self._listings[kind.name] = [self._hosts.read(kind, self._seen_nodes)]
        return [listing for kind in kinds for listing in self._listings[kind.name]]

    def ask(self, kind: Kind, wanted: Wanted) -> list[Listing]:
        """Read one list alone, not those that checks need with it; of one namespace or one object if that is all."""
        if kind.name in self._listings or not kind.served or self._stopped or is_sensitive(kind.group, kind.plural):
            return self.read([kind])
        alone = len(wanted.names) == 1 and kind.name != "Node"  # a list without any Node is taken for a failure
        query = {"fieldSelector": f"metadata.name={wanted.names[0]}"} if alone else {}
        space = wanted.namespace if self._is_namespaced(kind) else ""
        if query or space:
            answer = list_objects(self.connection, kind, space, query)
            if space or not answer.refused:
                return self._stamp([self._listing_of(answer)] if space else list(self._split_listings(answer)))
        self._fetch_kinds([kind])
        return self._stamp(self._listings[kind.name])

    def _listing_of(self, answer: Answer) -> Listing:
        """The listing of one namespace."""
        state, reason = self._answer_state(answer)
        return Listing(
            kind=answer.kind,
            version=answer.version,
            namespace=answer.namespace,
            items=answer.items,
            state=state,
            reason=reason,
        )

    def _stamp(self, listings: list[Listing]) -> list[Listing]:
        """Set the time of capture now that something was read."""
        captured_at = self.connection.transport.now or self.manifest.captured_at
        self.manifest = replace(self.manifest, captured_at=captured_at)
        return listings

    def _update_date(self) -> None:
        """Set the time of capture by the server's clock, once the first lists are read: the login may be hours old."""
        if self._listings and self.manifest.captured_at == self.connection.opened_at and not self._dated:
            self._dated = True
            self.manifest = replace(self.manifest, captured_at=self.connection.transport.now)

    def _with_diagnosis_kinds(self, kinds: Sequence[Kind]) -> list[Kind]:
        related = DIAGNOSIS if any(kind.name in DIAGNOSIS for kind in kinds) else ()
        return list({kind.name: kind for kind in (*kinds, *(CATALOGUE[name] for name in related))}.values())

    def _unread_listing(self, kind: Kind) -> Listing:
        return Listing(kind=kind, namespace=kind.home, state=State.NOT_LOOKED_AT, reason=self._stopped)

    # --- fetching ---------------------------------------------------------------------------------------------------

    def _fetch_kinds(self, kinds: Sequence[Kind]) -> None:
        """List these kinds: in all namespaces first, then by namespace where that is refused."""
        sensitive = [kind for kind in kinds if is_sensitive(kind.group, kind.plural)]
        for kind in sensitive:
            self._listings[kind.name] = [
                Listing(kind=kind, namespace=kind.home, state=State.NOT_LOOKED_AT, reason=WITHHELD)
            ]
        wanted = [kind for kind in kinds if kind not in sensitive]
        if not wanted:
            return
        self._progress.begin(escape_text(self.manifest.name), len(wanted))
        try:
            refused = []
            with closing(self._list_concurrently([(kind, "") for kind in wanted])) as answers:
                for answer in answers:
                    if answer.refused and self._is_namespaced(answer.kind):
                        refused.append(answer)
                    else:
                        self._listings[answer.kind.name] = list(self._split_listings(answer))
            self._fetch_by_namespace(refused)
        finally:
            self._progress.end()

    def _list_concurrently(self, lists: Sequence[tuple[Kind, str]]) -> Generator[Answer, None, None]:
        """Send several list requests at once; yield the answers as they arrive."""
        jobs = [partial(self._list_one, kind, namespace) for kind, namespace in lists]
        for _, answer in run_concurrently(jobs, self.connection.transport.reset()):
            self._progress.finish_list()
            yield answer

    def _list_one(self, kind: Kind, namespace: str) -> Answer:
        return list_objects(self.connection, kind, namespace, on_page=self._progress.add_objects)

    def _is_namespaced(self, kind: Kind) -> bool:
        namespaced = self.connection.served.is_namespaced(kind.group, kind.plural)
        return not kind.only and (bool(kind.home) if namespaced is None else namespaced)

    def _fetch_by_namespace(self, refused: Sequence[Answer]) -> None:
        """List by namespace the kinds that may not be listed in all namespaces at once.

        Home first: with many namespaces, a kind that is forbidden even there is not requested in hundreds more.
        """
        if not refused:
            return
        by_kind: dict[str, dict[str, Answer]] = {whole.kind.name: {} for whole in refused}
        likely = {self.connection.login.namespace}
        first = [(w.kind, space) for w in refused for space in self._namespaces[0] if space in likely | {w.kind.home}]
        self._list_into(by_kind, first)
        forbidden = {name for name, answers in by_kind.items() if all(answer.refused for answer in answers.values())}
        few = len(self._namespaces[0]) <= MANY
        remaining = [w.kind for w in refused if few or not w.kind.home or w.kind.name not in forbidden]
        rest = [(kind, space) for kind in remaining for space in self._namespaces[0] if space not in by_kind[kind.name]]
        self._list_into(by_kind, rest)
        for whole in refused:
            self._listings[whole.kind.name] = list(self._partial_listings(whole, by_kind[whole.kind.name]))

    def _list_into(self, by_kind: dict[str, dict[str, Answer]], lists: Sequence[tuple[Kind, str]]) -> None:
        self._progress.add_lists(len(lists))
        with closing(self._list_concurrently(lists)) as answers:
            for answer in answers:
                by_kind[answer.kind.name][answer.namespace] = answer

    @cached_property
    def _namespaces(self) -> tuple[list[str], bool]:
        """All namespaces if these may be listed, else the homes of the catalogue's kinds and the context's own.

        And whether these are all that exist.
        """
        answer = list_objects(self.connection, NAMESPACES)
        if answer.error is None and answer.items:
            return sorted(name_of(item) for item in answer.items if isinstance(item, dict)), True
        homes = {kind.home for kind in CATALOGUE.values()} | {self.connection.login.namespace}
        return sorted(homes - {""}), False

    # --- what the answers mean --------------------------------------------------------------------------------------

    def _split_listings(self, answer: Answer) -> Iterator[Listing]:
        """Split one list over all namespaces into one listing each; the kind's home is included even if empty."""
        kind, state, reason = answer.kind, *self._answer_state(answer)
        spaces: dict[str, list[Obj]] = {kind.home: []}
        for item in answer.items:
            spaces.setdefault(namespace_of(item) if isinstance(item, dict) else kind.home, []).append(item)
        if not kind.home and len(spaces) > 1 and not spaces[""]:
            del spaces[""]  # a kind outside the catalogue: its objects show that it is namespaced
        for namespace, items in spaces.items():
            yield Listing(
                kind=kind, version=answer.version, namespace=namespace, items=items, state=state, reason=reason
            )

    def _partial_listings(self, whole: Answer, by_namespace: dict[str, Answer]) -> Iterator[Listing]:
        """The listings of the allowed namespaces and of the kind's home, and one for all that are forbidden."""
        forbidden = [answer for answer in by_namespace.values() if answer.refused]
        if len(forbidden) == len(by_namespace):
            yield from self._split_listings(whole)
            return
        for answer in sorted(by_namespace.values(), key=lambda answer: answer.namespace):
            if not answer.refused or answer.namespace == whole.kind.home:
                state, reason = self._answer_state(answer)
                yield Listing(
                    kind=whole.kind,
                    version=answer.version,
                    namespace=answer.namespace,
                    items=answer.items,
                    state=state,
                    reason=reason,
                )
        others = sorted(answer.namespace for answer in forbidden if answer.namespace != whole.kind.home)
        if reason := self._unlisted_reason(others):
            yield Listing(
                kind=whole.kind, version=whole.version, namespace=OTHERS, state=State.FORBIDDEN, reason=reason
            )

    def _unlisted_reason(self, others: Sequence[str]) -> str:
        """Why more objects may exist than were listed; empty if every namespace was listed."""
        if not self._namespaces[1]:
            return "namespaces may not be listed, so other namespaces are unknown"
        if not others:
            return ""
        return f"{len(others)} other namespace{'' if len(others) == 1 else 's'} may not be listed: {', '.join(others)}"

    def _answer_state(self, answer: Answer) -> tuple[State, str]:
        if answer.error is not None:
            read = f"after {len(answer.items)} objects: " if answer.items else ""
            state = State.FORBIDDEN if answer.refused else State.FAILED
            return state, read + self.connection.explain_failure(answer.error)
        if not answer.version:
            return State.NOT_LOOKED_AT, f"the server has no {answer.kind.resource}"
        return State.COLLECTED, ""

    def _seen_nodes(self) -> list[Obj]:
        lists = self.read([CATALOGUE["Node"]])
        items = (item for listing in lists if listing.state.seen for item in listing.items)
        return [item for item in items if isinstance(item, dict) and name_of(item)]
