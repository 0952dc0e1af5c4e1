"""A source at the port of a snapshot that holds logs beside objects, as a support bundle does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harvdiag.core.errors import SourceError
from harvdiag.snapshot import Manifest, Resource, Snapshot
from tests.port import CAPTURED_AT, Port

AGENT = "nodes/hv01.zip/logs/rancher-system-agent.log"
RANCHERD = "nodes/hv01.zip/logs/rancherd.log"


class LogPort(Port):
    """`texts` maps the name of a log to its text; `opened` names the logs that were read, as often as they were."""

    def __init__(
        self, texts: Mapping[str, str | bytes], objects: Iterable[Any] = (), resources: Sequence[Resource] = ()
    ) -> None:
        super().__init__(objects, resources=resources)
        self.manifest = Manifest(kind="bundle", name="port", captured_at=CAPTURED_AT)
        self.opened: list[str] = []
        self._texts = {name: text if isinstance(text, bytes) else text.encode() for name, text in texts.items()}

    def logs(self, folder: str) -> Sequence[str]:
        return [name for name in self._texts if name.startswith(folder)]

    def tail(self, name: str, most: int) -> bytes:
        if name not in self._texts:
            raise SourceError(f"{name}: not there")
        self.opened.append(name)
        return self._texts[name][-most:]


def logged(
    texts: Mapping[str, str | bytes], objects: Iterable[Any] = (), resources: Sequence[Resource] = ()
) -> Snapshot:
    """A snapshot of these logs and objects."""
    return Snapshot(LogPort(texts, objects, resources))


def journal(*messages: str, unit: str = "rancher-system-agent", level: str = "info") -> str:
    """Lines as `journalctl -o short-precise` gives them, a second apart."""
    return "".join(
        f"May 06 10:00:{i % 60:02}.000000 hv01 {unit}[1800]: "
        f'time="2025-05-06T10:{i // 60:02}:{i % 60:02}Z" level={level} msg="{text}"\n'
        for i, text in enumerate(messages)
    )


def stamped(*lines: str, minute: int = 0) -> str:
    """Lines as the API gives a container's log."""
    return "".join(f"2025-05-08T09:{minute:02}:{i:02}.123456789Z {line}\n" for i, line in enumerate(lines))
