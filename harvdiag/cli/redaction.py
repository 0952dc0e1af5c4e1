"""The options of redaction: the same for every command that takes them, and what they do to a source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harvdiag.cli.output import settings, write_note
from harvdiag.core.errors import HarvdiagError, UsageError
from harvdiag.core.outgoing import look_through

if TYPE_CHECKING:
    from harvdiag.redact import Redactor
    from harvdiag.snapshot import Snapshot

__all__ = ["KEY", "WORDS", "ask_redaction", "hide_source", "read_words", "redact_options", "redact_source"]

Command = Callable[..., Any]


KEY = click.option(
    "--key",
    type=click.Path(path_type=Path),
    help="The key of the pseudonyms, a private file; default: your own, made on first use.",
)
WORDS = click.option(
    "--words",
    "word_file",
    type=click.Path(path_type=Path),
    help="A file of more words to replace, one a line; /…/ is a regular expression.",
)


def redact_options(command: Command) -> Command:
    """Add --redact, --key and --words to a command, whose sources are then read through a redactor."""

    @wraps(command)
    def call(*args: Any, redact: bool, key: Path | None, word_file: Path | None, **rest: Any) -> Any:
        if not redact and (key or word_file):
            raise UsageError(f"{'--key' if key else '--words'} is about redaction: give --redact, too")
        if not redact:
            return command(*args, **rest)
        ask_redaction(key, *read_words(word_file))
        return _call_again(lambda: command(*args, **rest))

    flag = click.option(
        "--redact", is_flag=True, help="Pseudonyms instead of names and addresses; no credentials. Safe to hand on."
    )
    return flag(KEY(WORDS(call)))


def _call_again(command: Command) -> Any:
    """Run a command; where a name was told after something in which it stands, once more, as it is known then."""
    from harvdiag.redact import TRIES, LeakError

    left: LeakError | None = None
    for _ in range(TRIES):
        try:
            return command()
        except LeakError as error:
            left, make = error, settings().redactor
            if make is not None:
                make().admit(error.leaks)
        except HarvdiagError:
            if left is None:
                raise
            break  # what came through a pipe cannot be read again
    raise left or AssertionError("never tried")


def read_words(file: Path | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the words and the patterns of a file. Raises UsageError if it cannot be read."""
    if file is None:
        return (), ()
    try:
        lines = [line.strip() for line in file.expanduser().read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, ValueError, RuntimeError) as error:
        why = str(getattr(error, "strerror", None) or "not a text in UTF-8").lower()
        raise UsageError(f"{file}: no words to replace can be read from it: {why}") from None
    used = [line for line in lines if line and not line.startswith("#")]
    patterns = [line[1:-1] for line in used if len(line) > 2 and line[0] == line[-1] == "/"]
    return tuple(line for line in used if line[1:-1] not in patterns), tuple(patterns)


def ask_redaction(key: Path | None, words: Sequence[str], patterns: Sequence[str]) -> None:
    """Have all sources of the command read through one redactor, made when the first is opened."""

    @cache
    def make() -> Redactor:
        from harvdiag.redact import Redactor, load_key

        found = load_key(key)
        if found.made:
            write_note(f"harvdiag: made the key of your pseudonyms, {found.path}: keep it, and hand it to no one")
        elif found.shared:
            write_note(f"harvdiag: others on this machine can read the key {found.path}: `chmod 600` it")
        return Redactor(found, words, patterns)

    settings().redactor = make
    look_through(lambda members: make().vet(members))
    click.get_current_context().call_on_close(lambda: look_through(None))


def redact_source(snapshot: Snapshot) -> Snapshot:
    """Return a source as it was asked for: redacted, or as it is; one that is redacted already stays so.

    Raises UsageError for a key or a pattern that cannot be used.
    """
    make = settings().redactor
    if make is None:
        return snapshot
    if mark := snapshot.manifest.redacted:
        write_note(f"harvdiag: {snapshot.manifest.name} is redacted already, under the key {mark}: it stays so")
    from harvdiag.redact import redact_snapshot

    return redact_snapshot(snapshot, make())


def hide_source(name: str) -> str:
    """Return what stands for the name of a source that could not be opened, if redaction was asked for; else empty."""
    make = settings().redactor
    return make().source(name.replace("\\", "/").rpartition("/")[2]) if make else ""
