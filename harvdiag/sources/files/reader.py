"""kubectl output (``kubectl get … -o yaml`` or ``-o json``) as a source: files, in whatever carries them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from harvdiag.core.errors import SourceError
from harvdiag.core.fields import Obj
from harvdiag.core.model import FileNote, State
from harvdiag.io.archive.files import CarriedFile, list_files, list_text_files
from harvdiag.io.yaml import paused_collector
from harvdiag.kinds import CATALOGUE
from harvdiag.kinds.kind import Kind
from harvdiag.snapshot import Listing, Manifest, Resource
from harvdiag.sources.files.account import list_notes, name_unused, refuse_conflict, refuse_empty
from harvdiag.sources.files.intake import Intake
from harvdiag.sources.files.objects import Key, collect_objects
from harvdiag.sources.files.stock import Stock

__all__ = ["FilesReader"]


class FilesReader:
    """Reads all documents at once, as only their content shows which kinds they contain.

    A kind without an object or an empty typed list (``kind: MachineList``) in any file was not looked at: a folder
    cannot show that nothing else existed. Nor can single objects: only a list shows that there are no others, unless
    `whole` says that the documents are complete. `documents` are pairs of a file's name and what is in it. Raises
    SourceError for documents that cannot be used; of a folder or an archive, only where nothing in it can be.
    """

    def __init__(
        self, name: str, documents: Iterable[tuple[str, Any]], captured_at: str = "", *, whole: bool = False
    ) -> None:
        intake = Intake(Stock(whole=whole))
        with paused_collector():
            for file, document in documents:
                batch = collect_objects(file, [document])
                if batch.told:
                    raise SourceError(f"{file}: {batch.told[0]}")
                intake.stock.add(file, batch)
        self._keep(name, intake, captured_at=captured_at)

    @classmethod
    def from_path(cls, path: Path) -> Self:
        """Read the files at a path: one file, also packed, a folder, a zip or a tar archive."""
        return cls._from_files(path.name, list_files(path), folder=path.is_dir())

    @classmethod
    def from_text(cls, name: str, data: bytes) -> Self:
        """Read the bytes of one file, or of a tar archive; `name` is its name in messages."""
        return cls._from_files(name, list_text_files(name, data), piped=True)

    @classmethod
    def _from_files(cls, name: str, files: Iterable[CarriedFile], *, piped: bool = False, folder: bool = False) -> Self:
        reader, intake = cls.__new__(cls), Intake(Stock())
        with paused_collector():
            intake.take_all(files)
        if piped and intake.sources and not intake.stock.resources:
            what = next(iter(intake.sources.values()))
            raise SourceError(f"{name}: a {what} cannot be read from a pipe; save it to a file first")
        reader._keep(name, intake, folder=folder)
        return reader

    def _keep(self, name: str, intake: Intake, *, captured_at: str = "", folder: bool = False) -> None:
        self._stock, self._files = intake.stock, tuple(intake.notes)
        self._stock.compare_lists()
        if self._stock.conflict:
            raise SourceError(refuse_conflict(name, self._stock.conflict, self._files, intake.sources))
        if not self._stock.resources:
            raise SourceError(refuse_empty(name, self._files, intake.sources, folder=folder))
        told = self._files if len(self._files) > 1 or any(note.reason for note in self._files) else ()
        self.manifest = Manifest(
            kind="files", name=name, captured_at=captured_at, notes=list_notes(told), files=tuple(told)
        )

    @property
    def files(self) -> tuple[FileNote, ...]:
        """What became of every file."""
        return self._files

    def resources(self) -> Sequence[Resource]:
        """Return one entry per kind and namespace."""
        return tuple(self._stock.resources.values())

    def read(self, kinds: Sequence[Kind]) -> list[Listing]:
        """Return the objects of these kinds, one list per namespace."""
        return [listing for kind in kinds for listing in self._read_kind(kind)]

    def beyond(self, kind: Kind) -> str:
        """Return why a kind may have objects in namespaces that no file lists; empty if it has none there."""
        return self._stock.narrow_reason(kind) if kind.home else ""

    def host(self, node: str) -> Obj | None:  # noqa: ARG002 - kubectl output has no files of hosts
        """Return None: kubectl lists objects, not files."""
        return None

    def _read_kind(self, kind: Kind) -> Iterator[Listing]:
        keys = [key for key in self._stock.resources if key[0] == kind.name]
        yield from (self._read_list(kind, key) for key in keys)
        if (kind.name, kind.home) in keys or kind.name not in CATALOGUE:
            return
        if self._stock.is_everywhere(kind):
            yield Listing(kind=kind, version=self._stock.resources[keys[0]].version, namespace=kind.home)
        else:
            where = f" of namespace {kind.home}" if kind.home else ""
            reason = f"no file holds any {kind.name}{where}{name_unused(self._files)}"
            yield Listing(kind=kind, namespace=kind.home, state=State.NOT_LOOKED_AT, reason=reason)

    def _read_list(self, kind: Kind, key: Key) -> Listing:
        reason = self._stock.incomplete_reason(key)
        return Listing(
            kind=kind,
            version=self._stock.resources[key].version,
            namespace=key[1],
            items=self._stock.objects(key),
            state=State.FAILED if reason else State.COLLECTED,
            reason=reason,
        )
