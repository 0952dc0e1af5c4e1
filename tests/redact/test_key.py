"""The key and the way back: private files of one user, and errors that say what to do."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag.core.errors import UsageError
from harvdiag.redact import Key, Ledger, Redactor, load_key
from harvdiag.redact.names import Sort
from tests.command import run
from tests.routes import BROKEN


def test_a_key_is_made_once_and_private(tmp_path: Path) -> None:
    """By several at once: all have the same; it is never shown."""
    path = tmp_path / "folder" / "redaction.key"
    with ThreadPoolExecutor(8) as pool:
        keys = [*pool.map(lambda _: load_key(path), range(8))]
    assert {key.data for key in keys} == {load_key(path).data}
    assert any(key.made for key in keys)
    assert not load_key(path).made
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keys[0].data.hex() not in repr(keys[0])
    assert [*path.parent.iterdir()] == [path]


@pytest.mark.skipif(os.name == "nt", reason="its files have other rights")
def test_a_key_that_others_can_read_is_told(tmp_path: Path) -> None:
    """Once it is private again, no more."""
    path = load_key(tmp_path / "k").path
    for mode, told in ((0o640, True), (0o600, False)):
        path.chmod(mode)
        result = run("check", BROKEN, "--redact", "--key", path)
        assert ("can read the key" in result.stderr) is told


def test_the_default_lies_in_the_folder_for_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert load_key().path == tmp_path / "harvdiag" / "redaction.key"


@pytest.mark.parametrize(
    "content", ["", "x", "harvdiag redaction key 1: abcd\n", "harvdiag redaction key 2: " + "00" * 32]
)
def test_another_file_is_no_key(tmp_path: Path, content: str) -> None:
    path = tmp_path / "file"
    path.write_text(content, encoding="ascii")
    with pytest.raises(UsageError, match="holds no key"):
        load_key(path)
    assert path.read_text(encoding="ascii") == content


def test_a_key_that_is_needed_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no key"):
        load_key(tmp_path / "redaction.key", make=False)
    assert [*tmp_path.iterdir()] == []


def noted(folder: Path) -> tuple[Ledger, Redactor]:
    redactor = Redactor(load_key(folder / "a.key"))
    redactor.names.add("kraken-07", Sort.HOST)
    return Ledger(redactor.key), redactor


def test_the_way_back(tmp_path: Path) -> None:
    """What was looked through before it was written is noted, once and privately; a torn line is left out."""
    ledger, redactor = noted(tmp_path)
    text = redactor.text("kraken-07.quux.example at 10.1.2.3 of pvc-7d1c9a54-3b2e-4f60-8a77-0123456789ab")
    for _ in range(2):
        redactor.vet({"x": text.encode()})
    lines = ledger.path.read_text(encoding="ascii").split()
    assert len(lines) == len(set(lines))
    with ledger.path.open("a", encoding="ascii") as stream:
        stream.write('["host-torn", "kra')
    ledger.add({"host-bcdfgh": "kraken-08"})
    assert ledger.reveal(f"{text}, host-bcdfgh")[0] == (
        "kraken-07.quux.example at 10.1.2.3 of pvc-7d1c9a54-3b2e-4f60-8a77-0123456789ab, kraken-08"
    )
    if os.name == "posix":
        assert stat.S_IMODE(ledger.path.stat().st_mode) == 0o600


def test_another_key_says_so(tmp_path: Path) -> None:
    ledger, redactor = noted(tmp_path)
    text = redactor.text("node kraken-07")
    redactor.vet({"x": text.encode()})
    other = Ledger(load_key(tmp_path / "b.key"))
    with pytest.raises(UsageError, match="--key"):
        other.reveal(text)
    assert ledger.reveal("nothing in it")[0] == "nothing in it"


def test_one_key_joins_two_sources(tmp_path: Path) -> None:
    """Equal names have equal pseudonyms, whatever else is in a source; under another key they differ."""
    one, other = Redactor(load_key(tmp_path / "a.key")), Redactor(load_key(tmp_path / "a.key"))
    one.names.add("kraken-07", Sort.HOST)
    other.names.add("kraken-08", Sort.HOST)
    other.names.add("kraken-07", Sort.HOST)
    text = "kraken-07 10.1.2.3 7d1c9a54-3b2e-4f60-8a77-0123456789ab"
    assert one.text(text) == other.text(text)
    third = Redactor(Key(bytes(32), tmp_path / "c.key"))
    third.names.add("kraken-07", Sort.HOST)
    assert not set(third.text(text).split()) & set(one.text(text).split())


def test_from_the_command_line_and_back(tmp_path: Path) -> None:
    """A file without names; a report of it, translated back, has them; another key, and no key, say so."""
    bundle = Path(hd.__file__).parents[1] / "data" / "bundles" / "issue-8236.zip"
    key, out = tmp_path / "a.key", tmp_path / "srv09" / "out.harvdiag.zip"
    out.parent.mkdir()
    told = run("redact", bundle, "-o", out, "--key", key, "--word", "hvst-upgrade-abcde")
    assert (told.returncode, str(out) in told.stdout, "4 hosts" in told.stdout) == (0, True, True), told.stderr
    report = run("check", out.rename(tmp_path / "out.harvdiag.zip"))
    assert (report.returncode, "srv09" in report.stdout, "abcde" in report.stdout) == (1, False, False)
    again = run("redact", "--reveal", "--key", key, given=report.stdout)
    assert "Node srv09" in again.stdout
    assert run("check", bundle, "--redact", "--key", key).stdout.count("srv09") == 0
    load_key(tmp_path / "b.key")
    for other, says in (("b.key", "none of the pseudonyms"), ("c.key", "there is no key")):
        failed = run("redact", "--reveal", "--key", tmp_path / other, given=report.stdout)
        assert (failed.returncode, says in failed.stderr) == (2, True), failed.stderr
    twice = run("redact", tmp_path / "out.harvdiag.zip", "--key", key)
    assert (twice.returncode, "redacted already" in twice.stderr) == (2, True)
    stays = run("check", tmp_path / "out.harvdiag.zip", "--redact", "--key", key).stdout
    assert stays.splitlines()[:4] == report.stdout.splitlines()[:4]
    assert str(tmp_path) not in stays
    assert "give --redact, too" in run("check", bundle, "--key", key).stderr
