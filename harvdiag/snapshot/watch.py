"""Who is told on which kinds an answer depends: a check may only conclude from what it declares, or what was seen."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager

__all__ = ["Told", "Watch", "Watched"]

Watch = Callable[[str, str | None], None]
Told = dict[tuple[str, str | None], None]
"""What a watch was called with, each once, in the order in which it was."""


class Watched:
    """A source of answers; `watched` says who is told of each."""

    def __init__(self) -> None:
        self._watch: Watch | None = None
        self._passed: Container[str] = ()

    @contextmanager
    def watched(self, watch: Watch | None, passed: Container[str] = ()) -> Iterator[None]:
        """Within it, `watch` is called with each kind before anything of it is told; None: nothing is.

        Its second argument is None where the kind is read, and the namespace (empty: its home) where it is required.
        It is not called for reads of the kinds in `passed`, which may grow: a check makes tens of thousands.
        """
        outer = self._watch, self._passed
        self._watch, self._passed = watch, passed
        try:
            yield
        finally:
            self._watch, self._passed = outer

    @contextmanager
    def noting(self, told: Told) -> Iterator[None]:
        """Within it, what is told is also added to `told`, so that it can be told again (`tell`)."""
        outer, passed, read = self._watch, self._passed, set[str]()

        def note(kind: str, required_in: str | None) -> None:
            if outer is not None and not (required_in is None and kind in passed):
                outer(kind, required_in)
            told[kind, required_in] = None
            if required_in is None:
                read.add(kind)

        with self.watched(note, read):
            yield

    def tell(self, told: Told) -> None:
        """Say the same again, for an answer that was kept."""
        for kind, required_in in told:
            if required_in is None:
                self.touch(kind)
            else:
                self.require(kind, required_in)

    def touch(self, kind: str) -> None:
        """Say that an answer depends on the objects of a kind; for facts that are kept and told again."""
        if self._watch is not None and kind not in self._passed:
            self._watch(kind, None)

    def require(self, kind: str, namespace: str = "") -> None:
        """Say that what was seen of a kind does not settle the question: where it was not seen whole, who asks ends.

        This is about the kind's home namespace, and also about `namespace`, if it is given.
        """
        if self._watch is not None:
            self._watch(kind, namespace)
