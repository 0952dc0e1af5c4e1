"""`harvdiag note` as people use it: write, list, tick, merge; and what it refuses, in one line."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag.core.notes import NoteStatus
from harvdiag.notes.file import NotesFile
from tests.api import Api
from tests.command import Result, run
from tests.routes import BROKEN, HEALTHY
from tests.world import healthy

ROOT = Path(hd.__file__).parents[1]
FINDING = "node-without-machine srv09"
ONE = "node-without-machine:Node::srv09"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A copy of the sample, so that its notes lie beside it."""
    return shutil.copy(BROKEN, tmp_path / "b.zip")


def note(*words: str | Path, given: str = "", **more: str) -> Result:
    """`harvdiag note …` as Ann, which works."""
    result = run("note", *words, given=given, HARVDIAG_AUTHOR="Ann", **more)
    assert result.returncode == 0, result.stderr
    return result


def complaint(*words: str | Path, given: str = "") -> str:
    """The one line with which it is refused."""
    result = run("note", *words, given=given)
    assert (result.returncode, result.stdout) == (2, "")
    assert re.fullmatch(r"harvdiag: [^\n]+\n", result.stderr)
    return result.stderr


def test_a_note_is_written_listed_and_shown(bundle: Path) -> None:
    """Beside the bundle, by the command and in Python; a report has it, and the exit code is the same."""
    result = note(bundle, FINDING, "added by hand", "--status", "acknowledged", "--done", "4,6")
    assert result.stdout == ""
    assert re.search(
        r"b\.notes\.yaml \(\d+ bytes\): a note on node-without-machine srv09, acknowledged, by Ann", result.stderr
    )
    assert "Ticked: Move its replicas away" in result.stderr
    cluster = hd.open(bundle)
    kept = cluster.check().note("srv09", "and more", done=5, author="Bob")
    assert [n.author for n in cluster.notes.of(ONE)] == ["Ann", "Bob"]
    assert (cluster.notes.status(ONE), kept.time > cluster.notes.entries[0].time) == (NoteStatus.ACKNOWLEDGED, True)
    listed = note(bundle, FINDING).stdout
    assert all(
        text in listed for text in ("added by hand", "and more", "4. ✓ Move", "5. ✓ When", "6. ✓ On", "7. Verify")
    )
    checked = run("check", bundle, "--brief")
    assert checked.returncode == 1
    assert "(acknowledged, 1 consequence)" in checked.stdout
    for words in ((), ("--node", "srv09")):
        told = " ".join(run("upgrade", bundle, *words).stdout.split())
        assert "4, 5 and 6: ticked as done" in told
        assert re.search(r"Noted Ann, \S+ \S+ UTC, acknowledged, 2 steps ticked: added by hand Noted Bob, ", told)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((FINDING, "hello there"), "hello there"),
        (("node-without-machine", "srv09", "hello", "there"), "hello there"),
        (("node-without-machine", "Node", "srv09", "hello"), "hello"),
        (("srv09", "node-without-machine", "is", "it"), "node-without-machine is it"),
        ((ONE, "hello"), "hello"),
        (("NODE/srv09", "hello"), "hello"),
        ((FINDING, "-"), "from\n\nstdin"),
    ],
)
def test_a_finding_is_named_in_several_ways(bundle: Path, words: tuple[str, ...], text: str) -> None:
    """Quoted or not, by rule and subject or one of them; the rest is the text."""
    note(bundle, *words, given="from\n\nstdin\n")
    (kept,) = hd.open(bundle).notes
    assert (kept.fingerprint, kept.text) == (ONE, text)


def test_a_finding_of_a_preflight_is_named_by_its_rule(bundle: Path) -> None:
    """Which only a preflight makes: a check alone has nothing of that name."""
    note(bundle, "preflight-other-upgrade", "hvst-upgrade-abcde", "finish it first", "--status", "acknowledged")
    preflight = hd.open(bundle).preflight()
    (finding,) = preflight.findings.of("preflight-other-upgrade")
    assert [kept.text for kept in preflight.findings.notes.of(finding.fingerprint)] == ["finish it first"]


def test_notes_on_the_cluster_and_on_what_is_gone(bundle: Path, tmp_path: Path) -> None:
    """A finding that only the file knows is named by it, by its fingerprint without any source."""
    file = tmp_path / "all.notes.yaml"
    note("--notes", file, "machine-failed:Machine:fleet-local:custom-1", "was replaced")
    note(bundle, "--notes", file, "--cluster", "rack 7")
    note(bundle, "--notes", file, "machine-failed custom-1", "--status", "fixed")
    listed = note(bundle, "--notes", file).stdout
    assert "machine-failed fleet-local/custom-1: fixed, and no longer found" in listed
    assert all(text in listed for text in ("rack 7", "was replaced"))
    assert "was replaced" in note(bundle, "--notes", file, "machine-failed custom-1").stdout
    document = json.loads(run("check", bundle, "--notes", file, "--format", "json").stdout)
    assert [n["text"] for n in document["notes"]["cluster"]] == ["rack 7"]
    assert document["notes"]["file"] == "all.notes.yaml"
    assert not (tmp_path / "b.notes.yaml").exists()


def test_merge_takes_the_notes_of_another_file_and_of_both_sides_of_a_conflict(bundle: Path, tmp_path: Path) -> None:
    """Each once; a conflict in the own file is resolved by naming it."""
    own, theirs = tmp_path / "b.notes.yaml", tmp_path / "theirs.yaml"
    note(bundle, FINDING, "a")
    note(bundle, "--notes", theirs, FINDING, "b")
    blocks = [path.read_text().partition("\n\n")[2] for path in (own, theirs)]
    assert "1 note added" in note(bundle, "--merge", theirs).stderr
    assert "0 notes added" in note(bundle, "--merge", theirs).stderr
    own.write_text(f"<<<<<<< ours\n{blocks[0]}||||||| base\n- x\n=======\n{blocks[1]}>>>>>>> theirs\n")
    assert "line 1: two versions" in complaint(bundle, FINDING, "c")
    note("--notes", own, "--merge", own)
    assert [n.text for n in hd.open(bundle).notes] == ["a", "b"]


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_git_merges_with_harvdiag_as_its_driver(tmp_path: Path) -> None:
    """As docs/notes.md has it: what two people write on one finding, in two branches."""

    def git(*words: str) -> None:
        named = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
        driver = f"merge.notes.driver={sys.executable} -m harvdiag note --notes %A --merge %B"
        env = os.environ | {"PYTHONPATH": str(ROOT)}
        subprocess.run(["git", *named, "-c", driver, *words], cwd=tmp_path, env=env, check=True, capture_output=True)

    file = tmp_path / "b.notes.yaml"
    git("init")
    (tmp_path / ".gitattributes").write_text("*.notes.yaml merge=notes\n")
    for branch, text in (("main", "base"), ("theirs", "by the first"), ("ours", "by the second")):
        git("checkout", "-b", branch, *(["main"] if branch != "main" else []))
        note("--notes", file, ONE, text, "--status", "acknowledged")
        git("add", "-A")
        git("commit", "-m", text)
    git("merge", "theirs")
    assert [n.text for n in NotesFile(file).read()] == ["base", "by the first", "by the second"]


REFUSED = {
    (): "give the SOURCE first",
    (FINDING, "x"): "is a finding: give the SOURCE before it",
    ("BUNDLE", "srv99", "x"): "no finding 'srv99' in this source; did you mean node-without-machine srv09",
    ("BUNDLE", FINDING, "--done", "99"): "there is no step 99: its steps are 1 to 8",
    ("BUNDLE", FINDING, "--done", "4 5"): "'4 5' are not numbers of steps, such as 4 or 4,5",
    ("BUNDLE", FINDING, ""): "the note is empty",
    ("BUNDLE", FINDING, " "): "the note is empty",
    ("BUNDLE", FINDING, "--merge", "b.zip"): "--merge takes over the notes of a file, and writes none",
    ("BUNDLE", "--merge", "b.zip"): "b.zip: line 1: holds a NUL byte",
    ("BUNDLE", FINDING, "x" * 50_001): "the text has 50001 characters",
    ("BUNDLE", FINDING, "--status", "fxied"): "did you mean fixed",
    ("BUNDLE", "--status", "fixed"): "give the FINDING",
    ("BUNDLE", "--cluster", "x", "--status", "fixed"): "a note on the cluster has a text alone",
    ("--notes", "n.yaml", ONE, "--done", "2"): "give the SOURCE, too",
    ("BUNDLE", FINDING, "x", "--notes", "no/n.yaml"): "no/n.yaml: cannot be written: no such file",
    ("BUNDLE", FINDING, "x", "--notes", "."): "is a directory",
    ("-", FINDING, "-"): "the SOURCE is standard input, so the text cannot be",
}


@pytest.mark.parametrize(("words", "told"), REFUSED.items(), ids=REFUSED.values())
def test_what_it_refuses(bundle: Path, words: tuple[str, ...], told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was wrong, and what to do; nothing is written."""
    monkeypatch.chdir(bundle.parent)
    given = "apiVersion: v1\nkind: Node\nmetadata: {name: n, uid: u}\nstatus: {}\n"
    assert told in complaint(*(bundle if word == "BUNDLE" else word for word in words), given=given)
    assert [path.name for path in bundle.parent.iterdir()] == ["b.zip"]


def test_a_source_that_is_checked_with_a_file_of_notes(bundle: Path, tmp_path: Path) -> None:
    """One that is damaged or not there is refused where it was asked for, and told where it only lies there."""
    damaged = tmp_path / "b.notes.yaml"
    damaged.write_text("- x\n")
    result = run("check", bundle, "--brief")
    assert result.returncode == 1
    assert "Notes: not read: b.notes.yaml: line 1: not a note" in result.stdout
    for words in (("--notes", damaged), ("--notes", tmp_path / "none.yaml"), ("--notes", damaged, HEALTHY)):
        refused = run("check", bundle, *words)
        assert (refused.returncode, refused.stdout) == (2, "")
    with pytest.raises(hd.UsageError, match="not a note"):
        hd.open(bundle, notes=damaged)


def test_a_folder_of_bundles_may_have_notes_in_it(bundle: Path) -> None:
    """They are neither bundles nor kubectl output."""
    shutil.copy(HEALTHY, bundle.parent)
    note(bundle, FINDING, "--status", "False Positive")
    result = run("check", bundle.parent, COLUMNS="120")
    assert (result.returncode, "healthy.zip" in result.stdout) == (1, True)
    assert "has no Machine (false positive)" in " ".join(result.stdout.split())


def test_notes_on_a_cluster_are_in_the_working_folder(tmp_path: Path) -> None:
    """Under the name of its context, given by an option or as `context:`; every other source finds them by --notes."""
    world = healthy()
    world.change("Node", "hv03", {"metadata": {"uid": "made-again"}})
    with Api(world.objects) as server:
        env = {
            "KUBECONFIG": str(server.kubeconfig(tmp_path / "config")),
            "KUBERNETES_SERVICE_HOST": "",
            "NO_PROXY": "*",
        }
        context = hd.connect(kubeconfig=tmp_path / "config").source.name
        for words in (("--context", context, "node-recreated", "one"), (f"context:{context}", "node-recreated", "two")):
            assert run("note", *words, cwd=tmp_path, **env).returncode == 0
        checked = run("check", "--context", context, cwd=tmp_path, **env).stdout
    assert ("one" in checked, "two" in checked) == (True, True)
    assert f"{context}.notes.yaml" in {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize("command", ["redact", "snapshot"])
def test_notes_are_taken_along_to_what_is_saved(bundle: Path, tmp_path: Path, command: str) -> None:
    """With the same pseudonyms as its objects, also in the name of what is gone; status and ticks fit the findings."""
    note(bundle, FINDING, "srv09 was added by hand", "--status", "acknowledged", "--done", "4")
    note("--notes", tmp_path / "b.notes.yaml", "node-unready:Node::srv77", "gone")
    out, env = tmp_path / "out.harvdiag.zip", {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    saved = run(command, bundle, "-o", out, **env)
    assert "out.notes.yaml beside it: 2 notes; hand it on, too" in saved.stdout
    cluster = hd.open(out)
    (root, *_), notes = cluster.check(), cluster.notes
    assert (notes.status(root.fingerprint), notes.ticked(root)) == (NoteStatus.ACKNOWLEDGED, {4})
    assert notes.of(root.fingerprint)[0].text == f"{root.subject.name} was added by hand"
    text = (tmp_path / "out.notes.yaml").read_text()
    assert ("srv09" in text, "srv77" in text) == ((command == "snapshot"),) * 2
    assert "Notes" not in run(command, bundle, "-o", tmp_path / "b.harvdiag.zip", **env).stdout, "it is its own file"


def test_what_is_written_on_a_redacted_source_comes_back(bundle: Path, tmp_path: Path) -> None:
    """In the owner's names, and what was there is not there again."""
    env = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    note(bundle, FINDING, "srv09 was added by hand")
    run("redact", bundle, "-o", tmp_path / "out.harvdiag.zip", **env)
    (root, *_) = hd.open(tmp_path / "out.harvdiag.zip").check()
    note(tmp_path / "out.harvdiag.zip", root.rule, f"reinstall {root.subject.name}")
    revealed = run("redact", "--reveal", given=(tmp_path / "out.notes.yaml").read_text(), **env)
    (tmp_path / "back.yaml").write_text(revealed.stdout)
    assert "1 note added" in note(bundle, "--merge", tmp_path / "back.yaml").stderr
    assert [n.text for n in hd.open(bundle).notes] == ["srv09 was added by hand", "reinstall srv09"]


def test_findings_are_completed(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As rule and subject; after the rule the subject."""
    for line, expected in ((f"note {bundle} node-w", FINDING), (f"note {bundle} node-without-machine ", "srv09")):
        words = ["harvdiag", *line.split(" ")]
        asked = {
            "_HARVDIAG_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(words),
            "COMP_CWORD": str(len(words) - 1),
        }
        assert expected in run(**asked).stdout, os.fspath(bundle)
