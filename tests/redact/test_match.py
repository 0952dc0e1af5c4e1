"""A redacted reading compared with one that is not: under the same key equal names are equal."""

from __future__ import annotations

from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.redact import Redactor, load_key, redact_snapshot
from tests.command import run
from tests.routes import BROKEN, HEALTHY

HALF, LOST = (BROKEN.parent / f"{name}.zip" for name in ("upgrade-half-way", "lost-acknowledgement"))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two keys, and redacted snapshots under each."""
    place = tmp_path_factory.mktemp("desk")
    for name, bundle in (("own", LOST), ("other", LOST)):
        snapshot = redact_snapshot(hd.open(bundle).snapshot, Redactor(load_key(place / f"{name}.key")))
        Cluster(snapshot).save(place / f"{name}.harvdiag.zip")
    return place


def test_the_same_under_the_key(desk: Path) -> None:
    """Either way round; the bundle itself is no difference."""
    for words in ((LOST, "own.harvdiag.zip"), ("own.harvdiag.zip", LOST)):
        result = run("compare", *words, "--key", "own.key", cwd=desk)
        assert (result.returncode, result.stderr) == (0, "")
        assert "hv01" not in result.stdout


def test_a_redacted_bundle_tells_its_key_too(desk: Path) -> None:
    """As its snapshot does; the two are the same."""
    made = run("redact", LOST, "--as", "bundle", "-o", "bundle.zip", "--key", "own.key", cwd=desk)
    assert made.returncode == 0, made.stderr
    assert run("compare", LOST, "bundle.zip", "--key", "own.key", cwd=desk).returncode == 0
    assert run("compare", "own.harvdiag.zip", "bundle.zip", cwd=desk).returncode == 0


def test_words_that_were_replaced_besides_are_given_again(desk: Path) -> None:
    """Else they differ."""
    (desk / "words").write_text("Pre-drained\n")
    words = ("--key", "own.key", "--words", "words")
    made = run("snapshot", LOST, "--redact", *words, "-o", "more.harvdiag.zip", cwd=desk)
    assert made.returncode == 0, made.stderr
    assert run("compare", LOST, "more.harvdiag.zip", *words, cwd=desk).returncode == 0
    assert run("compare", LOST, "more.harvdiag.zip", *words[:2], cwd=desk).returncode == 1


def test_what_differs_is_what_differs_without(desk: Path) -> None:
    """As many objects, fields, nodes that moved and findings."""
    plain, matched = hd.compare(HALF, LOST), hd.compare(HALF, desk / "own.harvdiag.zip", key=desk / "own.key")
    for each in (plain, matched):
        assert not each.different_clusters
    assert sorted((c.sort, c.ref.kind) for c in matched.changes) == sorted((c.sort, c.ref.kind) for c in plain.changes)
    assert [f.rule for f in matched.new] == [f.rule for f in plain.new]
    assert sorted((m.before, m.now) for m in matched.upgrade.moves) == sorted(
        (m.before, m.now) for m in plain.upgrade.moves
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((LOST, "own.harvdiag.zip"), "is redacted and lost-acknowledgement.zip is not: give the key"),
        ((LOST, "own.harvdiag.zip", "--key", "other.key"), "other.key is another key than that of own.harvdiag.zip"),
        ((LOST, "own.harvdiag.zip", "--key", "no.key"), "there is no key no.key"),
        (("own.harvdiag.zip", "other.harvdiag.zip"), "are redacted under different keys: no name can be matched"),
        ((LOST, HEALTHY, "--key", "own.key"), "is redacted: leave out the key"),
    ],
)
def test_without_the_key_there_is_one_line(words: tuple[str | Path, ...], says: str, desk: Path) -> None:
    """What is missing, and how to give it."""
    result = run("compare", *words, cwd=desk, HOME=str(desk), XDG_CONFIG_HOME=str(desk / "config"), APPDATA=str(desk))
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert says in result.stderr
    with pytest.raises(hd.UsageError, match="one of the two is redacted"):
        hd.open(LOST).compare(hd.open(desk / "own.harvdiag.zip"))
