"""`harvdiag check` in this process, with the time of its stages and what it read. usage: stages.py BUNDLE.zip

Prints JSON: seconds of the stages, the names of the members read, and the bytes of YAML among them.
"""

import time

BEGIN = time.perf_counter()

import contextlib  # noqa: E402
import io  # noqa: E402
import json  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from typing import Any  # noqa: E402


class Clock:
    """Adds up the time of the calls it is laid around; a call inside another counts for the outer one only."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._inside = False

    def around(self, stage: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.on(stage):
                return call(*args, **kwargs)

        return timed

    @contextlib.contextmanager
    def on(self, stage: str) -> Iterator[None]:
        if self._inside:
            yield
            return
        self._inside, start = True, time.perf_counter()
        try:
            yield
        finally:
            self._inside = False
            self.spent[stage] = self.spent.get(stage, 0) + time.perf_counter() - start


def main(bundle: str) -> None:
    from harvdiag import cli
    from harvdiag.io.archive.archive import Archive
    from harvdiag.io.yaml import engine_version, lists
    from harvdiag.sources.bundle import reader as source

    clock, read = Clock(), {}
    engine_version()
    imported = time.perf_counter()

    def reading(archive: Archive, name: str, inflate: Callable[[Archive, str], bytes] = Archive.read) -> bytes:
        with clock.on("inflate"):
            data = inflate(archive, name)
        read[name] = len(data)
        return data

    Archive.read = reading  # type: ignore[method-assign]
    Archive.names = clock.around("directory", Archive.names)  # type: ignore[method-assign]
    source.open_container = clock.around("directory", source.open_container)
    source.load_kit_list = clock.around("parse", source.load_kit_list)
    for name in ("load_documents", "load_kit_document"):
        if hasattr(source, name):
            setattr(source, name, clock.around("parse", getattr(lists, name)))
    sys.argv = ["harvdiag", "check", bundle, "--format", "json"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        cli.main()
    end = time.perf_counter()
    rest = end - imported - sum(clock.spent.values())
    stages = {"import": imported - BEGIN, **clock.spent, "links, rules, output": rest}
    text = sum(size for name, size in read.items() if name.endswith(".yaml"))
    print(json.dumps({"stages": stages, "members": list(read), "yaml": text, "engine": engine_version()}))


if __name__ == "__main__":
    main(sys.argv[1])
