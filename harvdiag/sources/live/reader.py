"""A live cluster as a source: lists over the API, side by side, by GET alone.

What may not be listed, is not served or does not answer becomes the state of its list; the rest stays usable.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cached_property, partial

from harvdiag.core.errors import AccessError, SourceError
from harvdiag.core.escape import plain
from harvdiag.core.fields import Obj, name_of, namespace_of
from harvdiag.core.model import OTHERS, State
from harvdiag.core.target import TIMEOUT
from harvdiag.io.api.connect import Connection, open_connection
from harvdiag.io.api.kubelet import figures
from harvdiag.io.api.lists import Answer, list_of
from harvdiag.io.api.pool import side_by_side
from harvdiag.io.progress import Progress
from harvdiag.kinds import CATALOGUE, DIAGNOSIS, KUBELET, NAMESPACES
from harvdiag.kinds.kind import Kind
from harvdiag.kinds.sensitive import WITHHELD, withheld
from harvdiag.snapshot import Listing, Manifest, Resource

__all__ = ["LiveReader", "connect"]

HARVESTER = "harvesterhci.io"
MANY = 50


def connect(
    context: str | None = None,
    kubeconfig: str | os.PathLike[str] | None = None,
    request_timeout: float = TIMEOUT,
    progress: Progress | None = None,
) -> LiveReader:
    """A reader of the cluster of a kubeconfig's context (default: the current one), logged in and answered.

    Raises AccessError where it cannot be reached or does not let one in, SourceError where it is no Harvester.
    """
    if not request_timeout > 0:
        raise AccessError(f"a request timeout of {request_timeout:g} s lets nothing be read: give seconds above 0")
    reader = LiveReader(open_connection(context, kubeconfig, request_timeout), progress or Progress())
    reader.refuse_foreign()
    return reader


class LiveReader:
    """Reads lists when they are asked for; keeps each, so that an interrupted reading goes on where it stopped."""

    def __init__(self, connection: Connection, progress: Progress) -> None:
        self.connection = connection
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
        """SourceError for a cluster that is certainly no Harvester: every Node would seem to be without Machine."""
        if self.connection.served.group(HARVESTER) is False:
            login = self.connection.login
            raise SourceError(
                f"context {login.context}: {login.server} is a Kubernetes cluster, but no Harvester: it serves no "
                f"{HARVESTER}; choose another with --context"
            )

    def stop(self, reason: str) -> None:
        """Ask the server no more: what was not read yet is told as not looked at, for this reason."""
        self._stopped = reason

    def resources(self) -> Sequence[Resource]:
        """Every kind that may be asked for, in the version that the server prefers; none whose purpose is secret."""
        best: dict[tuple[str, str], Resource] = {}
        kinds = self.connection.kinds(ask=not self._stopped)
        if notes := [note for note in self.connection.untold if note not in self.manifest.notes]:
            self.manifest = replace(self.manifest, notes=(*self.manifest.notes, *notes))
        for kind in kinds:
            if not withheld(kind.group, kind.plural):
                resource = Resource(kind.group, kind.version, kind.plural, "", kind.kind)
                best.setdefault((kind.group, kind.plural), resource)
        return tuple(best.values())

    def host(self, node: str) -> Obj | None:  # noqa: ARG002 - the API lists objects, not files
        """Never anything: a host's own files are in support bundles only."""
        return None

    def read(self, kinds: Sequence[Kind]) -> list[Listing]:
        """The lists of these kinds, each namespace apart.

        The kinds that the checks stand on are read together at the first of them: they must fit each other.
        """
        wanted = [kind for kind in self._together(kinds) if kind.name not in self._listings]
        if self._stopped:
            return [listing for kind in kinds for listing in self._listings.get(kind.name) or [self._unread(kind)]]
        self._fetch([kind for kind in wanted if kind.served])
        self._date()
        for kind in wanted:
            if kind.name == KUBELET.name:
                self._listings[kind.name] = [self._figures(kind)]
            elif not kind.served:
                reason = "files of the hosts are in support bundles only"
                self._listings[kind.name] = [Listing(kind=kind, state=State.NOT_LOOKED_AT, reason=reason)]
        return [listing for kind in kinds for listing in self._listings[kind.name]]

    def _date(self) -> None:
        """Date the reading by the server's clock, once the first lists are in: the login may be hours old by then."""
        if self._listings and self.manifest.captured_at == self.connection.opened_at and not self._dated:
            self._dated = True
            self.manifest = replace(self.manifest, captured_at=self.connection.transport.now)

    def _together(self, kinds: Sequence[Kind]) -> list[Kind]:
        friends = DIAGNOSIS if any(kind.name in DIAGNOSIS for kind in kinds) else ()
        return list({kind.name: kind for kind in (*kinds, *(CATALOGUE[name] for name in friends))}.values())

    def _unread(self, kind: Kind) -> Listing:
        return Listing(kind=kind, namespace=kind.home, state=State.NOT_LOOKED_AT, reason=self._stopped)

    # --- fetching ---------------------------------------------------------------------------------------------------

    def _fetch(self, kinds: Sequence[Kind]) -> None:
        """Ask for these kinds: everywhere first, then by namespace where that is refused."""
        shut = [kind for kind in kinds if withheld(kind.group, kind.plural)]
        for kind in shut:
            self._listings[kind.name] = [
                Listing(kind=kind, namespace=kind.home, state=State.NOT_LOOKED_AT, reason=WITHHELD)
            ]
        wanted = [kind for kind in kinds if kind not in shut]
        if not wanted:
            return
        self._progress.begin(plain(self.manifest.name), len(wanted))
        try:
            refused = []
            with closing(self._ask([(kind, "") for kind in wanted])) as answers:
                for answer in answers:
                    if answer.refused and self._in_namespaces(answer.kind):
                        refused.append(answer)
                    else:
                        self._listings[answer.kind.name] = list(self._listed(answer))
            self._fetch_by_namespace(refused)
        finally:
            self._progress.end()

    def _ask(self, lists: Sequence[tuple[Kind, str]]) -> Generator[Answer, None, None]:
        """The answers to several questions at once, as they come."""
        jobs = [partial(self._one, kind, namespace) for kind, namespace in lists]
        for _, answer in side_by_side(jobs, self.connection.transport.anew()):
            self._progress.done()
            yield answer

    def _one(self, kind: Kind, namespace: str) -> Answer:
        return list_of(self.connection, kind, namespace, counted=self._progress.count)

    def _in_namespaces(self, kind: Kind) -> bool:
        told = self.connection.served.namespaced(kind.group, kind.plural)
        return not kind.only and (bool(kind.home) if told is None else told)

    def _fetch_by_namespace(self, refused: Sequence[Answer]) -> None:
        """Of the kinds that may not be listed everywhere, what may be listed somewhere.

        Home first: with many namespaces, a kind that may not even be listed there is not looked for in hundreds more.
        """
        if not refused:
            return
        found: dict[str, dict[str, Answer]] = {whole.kind.name: {} for whole in refused}
        likely = {self.connection.login.namespace}
        first = [(w.kind, space) for w in refused for space in self._namespaces[0] if space in likely | {w.kind.home}]
        self._ask_into(found, first)
        shut = {name for name, answers in found.items() if all(answer.refused for answer in answers.values())}
        few = len(self._namespaces[0]) <= MANY
        hopeful = [w.kind for w in refused if few or not w.kind.home or w.kind.name not in shut]
        rest = [(kind, space) for kind in hopeful for space in self._namespaces[0] if space not in found[kind.name]]
        self._ask_into(found, rest)
        for whole in refused:
            self._listings[whole.kind.name] = list(self._somewhere(whole, found[whole.kind.name]))

    def _ask_into(self, found: dict[str, dict[str, Answer]], lists: Sequence[tuple[Kind, str]]) -> None:
        self._progress.more(len(lists))
        with closing(self._ask(lists)) as answers:
            for answer in answers:
                found[answer.kind.name][answer.namespace] = answer

    @cached_property
    def _namespaces(self) -> tuple[list[str], bool]:
        """All namespaces where these may be listed; else the homes of the catalogue's kinds, and the context's own.

        And whether these are all that there are.
        """
        answer = list_of(self.connection, NAMESPACES)
        if answer.error is None and answer.items:
            return sorted(name_of(item) for item in answer.items if isinstance(item, dict)), True
        homes = {kind.home for kind in CATALOGUE.values()} | {self.connection.login.namespace}
        return sorted(homes - {""}), False

    # --- what the answers mean --------------------------------------------------------------------------------------

    def _listed(self, answer: Answer) -> Iterator[Listing]:
        """One list over all namespaces, as one listing each; the kind's home is told even where it is empty."""
        kind, state, reason = answer.kind, *self._state(answer)
        spaces: dict[str, list[Obj]] = {kind.home: []}
        for item in answer.items:
            spaces.setdefault(namespace_of(item) if isinstance(item, dict) else kind.home, []).append(item)
        if not kind.home and len(spaces) > 1 and not spaces[""]:
            del spaces[""]  # a kind that nobody knows beforehand: its objects tell that it lives in namespaces
        for namespace, items in spaces.items():
            yield Listing(
                kind=kind, version=answer.version, namespace=namespace, items=items, state=state, reason=reason
            )

    def _somewhere(self, whole: Answer, found: dict[str, Answer]) -> Iterator[Listing]:
        """What may be listed in single namespaces; the home of the kind, and how many others are shut."""
        shut = [answer for answer in found.values() if answer.refused]
        if len(shut) == len(found):
            yield from self._listed(whole)
            return
        for answer in sorted(found.values(), key=lambda answer: answer.namespace):
            if not answer.refused or answer.namespace == whole.kind.home:
                state, reason = self._state(answer)
                yield Listing(
                    kind=whole.kind,
                    version=answer.version,
                    namespace=answer.namespace,
                    items=answer.items,
                    state=state,
                    reason=reason,
                )
        others = sorted(answer.namespace for answer in shut if answer.namespace != whole.kind.home)
        if reason := self._shut(others):
            yield Listing(
                kind=whole.kind, version=whole.version, namespace=OTHERS, state=State.FORBIDDEN, reason=reason
            )

    def _shut(self, others: Sequence[str]) -> str:
        """Why more of a kind may be there than what was listed; empty where every namespace was."""
        if not self._namespaces[1]:
            return "namespaces may not be listed, so nobody knows which others there are"
        if not others:
            return ""
        return f"{len(others)} other namespace{'' if len(others) == 1 else 's'} may not be listed: {', '.join(others)}"

    def _state(self, answer: Answer) -> tuple[State, str]:
        if answer.error is not None:
            read = f"after {len(answer.items)} objects: " if answer.items else ""
            state = State.FORBIDDEN if answer.refused else State.FAILED
            return state, read + self.connection.refusal(answer.error)
        if not answer.version:
            return State.NOT_LOOKED_AT, f"the server has no {answer.kind.resource}"
        return State.COLLECTED, ""

    def _figures(self, kind: Kind) -> Listing:
        """Disk figures of the Nodes that are known."""
        lists = self.read([CATALOGUE["Node"]])
        names = sorted(name_of(node) for listing in lists if listing.state.seen for node in listing.items)
        if not names:
            return Listing(kind=kind, state=State.FAILED, reason="no Node was seen whose kubelet could be asked")
        told = figures(self.connection, names)
        if not told.errors:
            return Listing(kind=kind, version="v1", items=told.items)
        if told.refused and not told.items:
            return Listing(kind=kind, version="v1", state=State.FORBIDDEN, reason=str(next(iter(told.errors.values()))))
        failed = "; ".join(f"{node}: {error}" for node, error in told.errors.items())
        reason = f"{len(told.errors)} of {len(names)} nodes did not tell: {failed}"
        return Listing(kind=kind, version="v1", items=told.items, state=State.FAILED, reason=reason)
