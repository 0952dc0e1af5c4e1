"""Reports on a redacted source: they say so, and whoever wrote a note is as little in them as the name of a file."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.core.ignore import Ignore, SubjectPattern
from harvdiag.core.notes import Note
from harvdiag.core.policy import Policy
from harvdiag.notes.file import NotesFile
from harvdiag.redact import Key, Redactor, redact_snapshot
from harvdiag.reports import FORMATS
from harvdiag.share import render_report
from tests.command import run
from tests.routes import BROKEN

KEY = bytes(range(32))
MARK = Key(KEY, Path("of-a-test")).mark
FOUND = "node-without-machine:Node::srv09"
STALE = "machine-dangling-node:Machine:fleet-local:custom-0123456789ab"
PRIVATE = ("Lovelace", "ada@", "Ada ", "Hara", "0123456789ab", "acme", "settings-of", "srv09")


@pytest.fixture(scope="module")
def redacted(tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """A bundle with notes of three people, one of whom is called as any other, and settings; read with pseudonyms."""
    bundle = tmp_path_factory.mktemp("acme") / "acme-prod.zip"
    shutil.copy(BROKEN, bundle)
    file = NotesFile(bundle.with_name("acme-prod.notes.yaml"))
    step = hd.open(bundle).check()[0].next[3]
    file.add(
        Note(
            fingerprint=FOUND,
            text="As O'Hara-Moor says, srv09 is new.",
            author="Ada Lovelace <ada@x.org>",
            done=(step,),
        )
    )
    file.add(Note(fingerprint=STALE, text="Gone; thanks, Ada, Lovelace, and O'Hara-Moor.", author="O'Hara-Moor, grace"))
    file.add(Note(text="In production.", author="admin"))
    ignore = Ignore(rules=("node-cordoned",), reason="agreed with Ada Lovelace", place="ignore[1]")
    snapshot = redact_snapshot(hd.open(bundle).snapshot, Redactor(Key(KEY, bundle.with_name("own.key"))))
    return Cluster(snapshot, policy=Policy(file="../settings-of-acme.toml", ignore=(ignore,)))


@pytest.mark.parametrize("form", FORMATS)
def test_a_report_tells_that_it_is_redacted_and_no_one_by_name(form: str, redacted: Cluster) -> None:
    """In every format; the steps that were ticked are ticked still."""
    text = render_report(redacted, form)
    assert [word for word in PRIVATE if word in text] == []
    assert MARK in text
    assert all(note.author in text for note in redacted.notes if note.author.startswith("user-"))
    assert len({note.author[:5] for note in redacted.notes}) == 1
    assert form in {"json", "junit", "sarif"} or "harvdiag redact --reveal" in text
    assert redacted.check().notes.ticked(redacted.check()[0]) == {4}


def test_settings_beside_a_redacted_file_tell_no_names(redacted: Cluster, tmp_path: Path) -> None:
    """Their patterns are about names that the file has no longer."""
    saved = hd.open(redacted.save(tmp_path / "redacted.harvdiag.zip").path)
    ignore = Ignore(
        rules=("node-cordoned",), subjects=(SubjectPattern(name="srv*"),), reason="known", place="ignore[1]"
    )
    text = render_report(Cluster(saved.snapshot, policy=Policy(file="harvdiag.toml", ignore=(ignore,))), "markdown")
    assert "srv" not in text
    assert f"(its mark: {MARK})" in " ".join(text.split())
    assert "`harvdiag report redacted.harvdiag.zip`" in text, "a file that the reader has"


@pytest.mark.parametrize("form", ["table", "json", "markdown"])
def test_a_source_that_cannot_be_read_is_not_named(form: str) -> None:
    """Neither it nor what lies beside it: the reason is on stderr, which is not handed on."""
    result = run("check", "munich-hq-gone.zip", BROKEN, "--redact", "--format", form)
    assert result.returncode == 2
    assert "munich" not in result.stdout
    assert "munich-hq-gone.zip: no such file or folder" in result.stderr
