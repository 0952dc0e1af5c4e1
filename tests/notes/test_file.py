"""The file of the notes: what is written is read again, by two at once and through a crash; damage is told by line."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harvdiag.core.errors import UsageError
from harvdiag.core.notes import Note, Notes, NoteStatus
from harvdiag.notes import open_notes
from harvdiag.notes.file import NotesFile
from harvdiag.notes.place import find_place
from harvdiag.notes.stamp import choose_time
from harvdiag.notes.text import dump_entries, merge_entries, new_entry, parse_entries
from harvdiag.snapshot import Snapshot

ROOT = Path(__file__).parents[2]
ONE, TWO = "node-without-machine:Node::srv09", "machine-failed:Machine:fleet-local:custom-1"
TEXTS = (
    "added by hand in March, see ticket",
    "# Heading\n\n- a\n- b\n\n```sh\nkubectl get nodes\n```",
    "  indented\nand a hard break  \nand a tab\t",
    "- note: x\n  time: y",
    "<<<<<<< ours",
    "no",
    "1e+06",
    "405862e486",
    "'\"#: |>&*!%@`",
    "\x1b[31mred\x00 \u202e\u2028 \ufeff",
    "\N{GRINNING FACE} größer",
    "\x85",
    "two\n\x85 lines\u2029\r",
)


def note(text: str = "t", fingerprint: str = ONE, **more: Any) -> Note:
    """A note of a fixed time and author, unless others are given."""
    return Note(**{"fingerprint": fingerprint, "text": text, "author": "Ann", "time": "2026-11-30T14:00:00Z", **more})


def snapshot(*arguments: str, kind: str = "bundle", name: str = "n") -> Snapshot:
    """What a place is found for: the words of a source, its kind and name."""
    manifest = SimpleNamespace(kind=kind, name=name)
    return cast("Snapshot", SimpleNamespace(arguments=arguments, manifest=manifest, redactor=None, unredacted=None))


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_written_is_read_again(tmp_path: Path, text: str) -> None:
    """Whatever YAML would make of it; in steps, authors and names as well."""
    file = NotesFile(tmp_path / "n.yaml")
    given = note(text, f"rule:Node::{text}", author=text, done=(text, "b"), undone=(text,), status=NoteStatus.FIXED)
    file.merge([given, note(fingerprint="")])
    assert set(NotesFile(file.path).read()) == {given, note(fingerprint="")}
    assert dump_entries(parse_entries(file.path.read_bytes())) == file.path.read_bytes()


def test_lines_as_windows_ends_them_are_kept_as_lines(tmp_path: Path) -> None:
    """What is piped into it on Windows has two characters there, which YAML reads as one."""
    (kept,) = NotesFile(tmp_path / "n.yaml").merge([note("a\r\nb", author="Ann\r\nLee", done=("c\r\nd",))])
    (read,) = NotesFile(tmp_path / "n.yaml").read()
    assert (read.text, read.author, read.done) == ("a\nb", "Ann\nLee", ("c\nd",))
    assert read.time == kept.time


def test_a_note_gets_its_author_and_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment's, else the user's; of several within a moment, each is later than the last."""
    file = NotesFile(tmp_path / "n.yaml")
    monkeypatch.setenv("HARVDIAG_AUTHOR", "Ann <a@example.com>")
    kept = [file.add(Note(fingerprint=ONE, text=str(n))) for n in range(3)]
    assert {n.author for n in kept} == {"Ann <a@example.com>"}
    assert len({n.time for n in kept}) == 3
    assert [n.text for n in Notes(file.read()).of(ONE)] == ["0", "1", "2"]
    monkeypatch.delenv("HARVDIAG_AUTHOR")
    monkeypatch.setattr("getpass.getuser", lambda: "bob")
    assert file.add(Note(fingerprint=ONE, text="x")).author == "bob"


def test_entries_are_sorted_and_each_content_is_there_once() -> None:
    """By finding, time and author: two files, in any order, with or without their blocks' names."""
    a, b, c = note("a"), note("b", TWO), note("c", time="2026-11-29T00:00:00+02:00")
    data = dump_entries(merge_entries(map(new_entry, (a, b, c))))
    assert [entry.note for entry in parse_entries(data)] == [b, c, a]
    assert dump_entries(merge_entries(parse_entries(data + data))) == data


def test_what_a_later_version_wrote_is_kept(tmp_path: Path) -> None:
    """Keys that this one does not know, of any form, when it adds a note."""
    file = NotesFile(tmp_path / "n.yaml")
    file.path.write_text(f"- finding: {ONE}\n  time: 2026-01-01\n  weight: [1, {{a: b}}]\n  text: hi\n")
    file.add(note("more"))
    assert "  weight:\n  - 1\n  - a: b\n" in file.path.read_text()
    assert [n.text for n in file.read()] == ["hi", "more"]


DAMAGED = {
    f"- finding: {ONE}\n  time: 2026-01-01\n<<<<<<< ours\n  text: a\n": "line 3: two versions were merged",
    f"- finding: {ONE}\n  text: a\n- finding: {ONE}\n  time: 2026-01-01\n": "line 1: this note is incomplete",
    f"- finding: {ONE}\n  time: 2026-01-01\n  time: 2026-01-02\n": "line 3: duplicate key 'time'",
    f"# x\n\n- finding: {ONE}\n  time: soon\n": "line 3: .*'soon' is not a time",
    f"- finding: {ONE}\n  time: 2026-01-01\n  status: acknoledged\n": "line 1: 'acknoledged' is not a .*acknowledged?",
    "- time: 2026-01-01\n  text: a\n": "line 1: this note must have either finding",
    f"- finding: {ONE}\n  time: 2026-01-01\n  done: all\n": "line 1: done is not a list",
    f"- finding: {ONE}\n  time: 2026-01-01\n  text: [a]\n": "line 1: text is not a text",
    "- just a text\n": "line 1: not a note: 'just a text'",
    "schema: 2\n": "a later version",
    "- a: [\n": "line 2: is not valid YAML",
    "\x00": "NUL",
}


@pytest.mark.parametrize(("text", "told"), DAMAGED.items(), ids=DAMAGED.values())
def test_a_damaged_file_is_told_by_line_and_left_alone(tmp_path: Path, text: str, told: str) -> None:
    """Nothing is added to it; a report goes on without notes, and says so."""
    path = tmp_path / "n.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=rf"^\S*n\.yaml: .*{told}"):
        NotesFile(path).add(note())
    assert path.read_text() == text
    notes = Notes(keeper=NotesFile(path)).refresh()
    assert (len(notes), "\n" in notes.fault, bool(notes.fault)) == (0, False, True)
    with pytest.raises(UsageError, match=r"n\.yaml"):
        open_notes(snapshot("b.zip"), path)


@pytest.mark.parametrize("text", ["", "# only this\n", "[]\n", "---\n"])
def test_an_empty_file_has_no_notes(tmp_path: Path, text: str) -> None:
    """A file that someone made beforehand."""
    path = tmp_path / "n.yaml"
    path.write_text(text)
    assert NotesFile(path).read() == ()
    assert NotesFile(path).add(note()) == note()


# --- several at once, and crashes -----------------------------------------------------------------------------------

WRITER = """
import sys, time
from harvdiag.core.notes import Note
from harvdiag.notes.file import NotesFile
for number in range(int(sys.argv[3])):
    NotesFile(__import__("pathlib").Path(sys.argv[1])).add(Note(fingerprint="f", text=f"{sys.argv[2]} {number}"))
    print(number, flush=True)
    time.sleep(0.01)
"""


def writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    """A process that adds notes one by one, and says after each that it is kept."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", WRITER, str(path), name, str(count)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=env)


def test_nothing_is_lost_when_several_write_at_once_and_one_is_killed(tmp_path: Path) -> None:
    """Processes and threads; of the one that is killed in the middle, everything that it said was kept."""
    path = tmp_path / "n.yaml"
    with writer(path, "victim", 10_000) as victim, writer(path, "other", 8) as other, ThreadPoolExecutor(4) as pool:
        assert victim.stdout
        told = [victim.stdout.readline() for _ in range(3)]
        list(pool.map(lambda n: NotesFile(path).add(Note(fingerprint="f", text=f"thread {n}")), range(8)))
        victim.kill()
        told += victim.stdout.readlines()
        assert (other.wait(30), victim.wait(30) != 0) == (0, True)
    texts = {entry.text for entry in NotesFile(path).read()}
    assert {f"victim {line.strip()}" for line in told} <= texts
    assert texts >= {f"other {n}" for n in range(8)} | {f"thread {n}" for n in range(8)}
    assert parse_entries(path.read_bytes())


@pytest.mark.skipif(sys.platform == "win32", reason="a signal of POSIX stops the writer where it is")
def test_a_write_that_is_cut_off_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """Killed with half of the file on the disk: what was there is there, and the next one writes."""
    path = tmp_path / "n.yaml"
    NotesFile(path).add(note("first"))
    program = WRITER.replace(
        "for number", "import os, signal\nos.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)\nfor number"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path), "second", "1"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 3, "the half-written file and the lock of the one that was killed"
    assert [n.text for n in NotesFile(path).read()] == ["first"]
    NotesFile(path).add(note("third"))
    assert [n.text for n in NotesFile(path).read()] == ["first", "third"]
    assert [p.name for p in tmp_path.iterdir()] == ["n.yaml"]


def test_a_file_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    """A folder that is not there, a name with a zero byte; a folder or a device in its place, which stay."""
    (tmp_path / "folder.yaml").mkdir()
    for path in (tmp_path / "no" / "n.yaml", tmp_path / "a\0b", tmp_path / "folder.yaml", Path(os.devnull)):
        with pytest.raises(UsageError, match=r"cannot be written: [a-z ]+|not a file"):
            NotesFile(path).add(note())
    assert not Path(os.devnull).is_file()


def test_permissions_and_links_stay(tmp_path: Path) -> None:
    """The file that a link leads to is replaced, not the link; who could read it still can."""
    real, link = tmp_path / "real.yaml", tmp_path / "n.yaml"
    NotesFile(real).add(note("a"))
    real.chmod(0o640)
    link.symlink_to(real)
    NotesFile(link).add(note("b"))
    assert link.is_symlink()
    assert (len(NotesFile(real).read()), real.stat().st_mode & 0o777) == (2, 0o640)


# --- git -----------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
@pytest.mark.parametrize("union", [True, False])
def test_git_merges_what_two_people_add(tmp_path: Path, union: bool) -> None:
    """By itself where the notes are about different findings; the union of the lines is a file again, or an error."""
    old = [note(str(n), f"rule:Node::n{n}") for n in range(4)]
    mine, yours = note("m", "rule:Node::n0", author="M"), note("y", "rule:Node::n2", author="Y")
    close = note("z", "rule:Node::n0", author="Z", time="2026-11-30T14:00:01Z")
    for name, added in {"base": [], "mine": [mine], "yours": [yours, *([close] if union else [])]}.items():
        (tmp_path / name).write_bytes(dump_entries(merge_entries(map(new_entry, [*old, *added]))))
    words = ["git", "merge-file", "-p", *(["--union"] if union else []), "mine", "base", "yours"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0
    assert {e.note for e in parse_entries(done.stdout)} == {*old, mine, yours, *([close] if union else [])}


# --- places --------------------------------------------------------------------------------------------------------

PLACES = {
    "d/issue-8236.zip": "d/issue-8236.notes.yaml",
    "d/issue-8236.zip.001": "d/issue-8236.notes.yaml",
    "d/issue-8236.z01": "d/issue-8236.notes.yaml",
    "d/issue-8236.001.zip": "d/issue-8236.notes.yaml",
    "d/issue-8236.harvdiag.zip": "d/issue-8236.notes.yaml",
    "d/issue-8236": "d/issue-8236.notes.yaml",
    "d/issue-8236/": "d/issue-8236.notes.yaml",
    "d/all.tar.gz": "d/all.notes.yaml",
    "d/nodes.yaml": "d/nodes.notes.yaml",
    "d/lab.v1.4.2.zip": "d/lab.v1.4.2.notes.yaml",
    "d/.zip": "d/.zip.notes.yaml",
    "./-x.zip": "-x.notes.yaml",
}


@pytest.mark.parametrize(("source", "expected"), PLACES.items())
def test_the_file_lies_beside_the_source(source: str, expected: str) -> None:
    """A bundle, its parts, the folder that was extracted from it, a snapshot of it: one file for all of them."""
    assert find_place(snapshot(source)) == Path.cwd() / expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("lab", "lab"), ("admin@lab:6443/x", "admin@lab%3A6443%2Fx"), ("..", "%2E."), ("a" * 300, "a" * 150)],
)
def test_the_file_of_a_cluster_lies_in_the_working_folder(name: str, expected: str) -> None:
    """Under the name of its context, whatever is in it, also of the current one."""
    words: tuple[str, ...]
    for words in ((), ("--context", name), ("--context", name, "--kubeconfig", "k")):
        assert find_place(snapshot(*words, kind="live", name=name)) == Path.cwd() / f"{expected}.notes.yaml"


def test_standard_input_has_its_file_in_the_working_folder_and_a_scenario_has_none() -> None:
    """A source that was opened from no name has no place."""
    assert find_place(snapshot("-", kind="files", name="stdin")) == Path.cwd() / "stdin.notes.yaml"
    with pytest.raises(UsageError, match="no file for notes"):
        Notes().add(note())
    nowhere = cast("Snapshot", SimpleNamespace(arguments=None, manifest=None, redactor=None, unredacted=None))
    assert open_notes(nowhere).path is None


def test_names_in_notes_are_replaced_where_those_of_the_source_are(tmp_path: Path) -> None:
    """In every text of a note, in the name of its file, and in what is wrong with that; nothing is written then."""
    file = NotesFile(tmp_path / "srv09.yaml")
    file.add(note("on srv09", author="srv09", done=("reboot srv09",), undone=("x srv09",)))
    redacted = snapshot("b.zip")
    learnt: list[Any] = []

    def change(text: str) -> str:
        return text.replace("srv09", "node-1")

    rename = SimpleNamespace(text=change, person=lambda _: "users", learn=learnt.extend)
    redacted.redactor = cast("Any", rename)
    notes = open_notes(redacted, file.path)
    assert "srv09" not in repr(notes.entries)
    assert [n.text for n in notes.of(ONE.replace("srv09", "node-1"))] == ["on node-1"]
    assert str(notes.path) == "n.notes.yaml", "that of its own says anything"
    assert {obj["metadata"]["name"] for _, obj in learnt} == {"srv09"}, "it may be told in the notes alone"
    assert [n.author for n in notes.entries] == ["users"], "a person, also where the name is an ordinary word"
    with pytest.raises(UsageError, match="write the note on the source itself"):
        notes.add(note())
    file.path.write_text("- x\n")
    assert notes.refresh().fault.startswith("n.notes.yaml: line 1: not a note")


def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not(tmp_path: Path) -> None:
    """What another program adds is there at the next look."""
    path = tmp_path / "n.yaml"
    notes = Notes(keeper=NotesFile(path)).refresh()
    NotesFile(path).add(note("from elsewhere"))
    assert (len(notes), len(notes.refresh())) == (0, 1)
    kept = notes.entries
    assert notes.refresh().entries[0] is kept[0]
    path.unlink()
    assert len(notes.refresh()) == 0


def test_the_time_of_a_note_can_be_fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    """For results that have to be the same in each run; what is no time is as if it were not there."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1746700200")
    assert choose_time() == "2025-05-08T10:30:00.000Z"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    assert choose_time() > "2026"
