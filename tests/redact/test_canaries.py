"""Nothing that identifies, and nothing secret, is in what is handed on: byte by byte, and in what is encoded in it."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import harvdiag as hd
from harvdiag.redact import Key, LeakError, Redactor, redact_snapshot, save_bundle, save_redacted
from harvdiag.redact.names import Sort
from harvdiag.training.world.faults import orphan
from tests.command import run
from tests.redact import canaries
from tests.sample import examples, is_full
from tests.world import healthy, rollouts, write_bundle

RUN = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")


def key(folder: Path) -> Key:
    return Key(bytes(range(32)), folder / "redaction.key")


def unfold(data: bytes, depth: int = 0) -> Iterator[bytes]:
    """The bytes, and all that is in base64, or gzip in base64, in them."""
    yield data
    for word in set(RUN.findall(data)) if depth < 5 else ():
        for fill in ("", "=", "=="):
            try:
                found = base64.b64decode(word + fill.encode(), altchars=b"-_" if b"-" in word or b"_" in word else None)
            except ValueError:
                continue
            yield from unfold(gzip.decompress(found) if found[:2] == b"\x1f\x8b" else found, depth + 1)


def left(data: bytes) -> list[str]:
    """The canaries that are in some bytes, or encoded in them."""
    texts = [text.lower() for text in unfold(data)]
    words = (*canaries.NAMES, *canaries.SECRETS, canaries.LONG[:12], canaries.UID.replace("-", ""))
    return [word for word in words if any(word.lower().encode() in text for text in texts)]


@pytest.mark.parametrize("form", canaries.FORMS)
def test_no_canary_is_left_in_a_snapshot(form: str, tmp_path: Path) -> None:
    """In no member and no name of one, nor in its findings, whatever the form in which it stood."""
    write: Callable[[str], str] = canaries.FORMS[form]
    source = tmp_path / f"{canaries.CLUSTER}.json"
    items = canaries.objects(write(canaries.EVERYTHING))
    source.write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": items}), encoding="utf-8")
    assert left(source.read_bytes())
    snapshot = redact_snapshot(hd.open(source).snapshot, Redactor(key(tmp_path)))
    saved, _ = save_redacted(snapshot, tmp_path / "out.harvdiag.zip", ["namespaces", "pvc", "vm"])
    with zipfile.ZipFile(saved.path) as box:
        members = {name: box.read(name) for name in box.namelist()}
    assert {name: found for name, data in members.items() if (found := left(data + name.encode()))} == {}
    assert left(repr(hd.open(saved.path).check()).encode()) == []


@pytest.mark.parametrize("form", ["plain", "json in json", "gzip"])
def test_no_canary_is_left_in_a_bundle(form: str, tmp_path: Path) -> None:
    """In no list, no log of a Pod or of a node, no archive of one, and no name of a file in it."""
    write: Callable[[str], str] = canaries.FORMS[form]
    text = write(canaries.EVERYTHING)
    log = f"2025-05-06T10:00:00.1Z {text}\n{canaries.EVERYTHING}\n"
    host = {"configs/etc/rancher/agent/cattle-id": canaries.CATTLE, "logs/rke2-server.log": f"May 06 10:00:00 x {log}"}
    source = write_bundle(
        tmp_path / "source.zip",
        [*healthy().objects, *canaries.objects(text)],
        captured_at="2025-05-06T10:00:00Z",
        log_lines=[
            f"Failed to get /apis/batch/v1/namespaces/{canaries.SPACE}/jobs: {text}",
            f"odd {canaries.SENTENCE}",
        ],
        logs={f"{canaries.SPACE}/virt-launcher-{canaries.VM}-abcde/compute.log": log},
        node_zips={canaries.HOST: host},
    )
    snapshot = redact_snapshot(hd.open(source).snapshot, Redactor(key(tmp_path)))
    saved, _ = save_bundle(snapshot, tmp_path / "out.zip")
    found = {name: kinds for name, data in files_of(saved.path) if (kinds := left(data + name.encode()))}
    assert found == {}
    written = hd.open(saved.path)
    assert {name.rpartition("/")[2] for name in written.snapshot.logs()} == {"compute.log", "rke2-server.log"}
    assert left(repr(written.check()).encode()) == []


def files_of(path: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of a bundle, also those in archives of nodes."""
    with zipfile.ZipFile(path) as box:
        for name in box.namelist():
            yield name, box.read(name) if not name.endswith(".zip") else b""
            if name.endswith(".zip"):
                with zipfile.ZipFile(io.BytesIO(box.read(name))) as inner:
                    yield from ((each, inner.read(each)) for each in inner.namelist())


REDACTOR = Redactor(Key(bytes(range(32)), Path("of-a-test")))
for _name, _sort in ((canaries.HOST, Sort.HOST), (canaries.VM, Sort.VM), (canaries.SPACE, Sort.NAMESPACE)):
    REDACTOR.names.add(_name, _sort)
BETWEEN = st.sampled_from(
    [" ", "/", ":", ",", "\n", "\\n", '"', "'", "=", "-", "_", ".", "@", "%2F", "(", "]", "\x1b[1m", "\\u003c", ";"]
)
KNOWN = (canaries.HOST, canaries.VM, canaries.SPACE, canaries.ADDRESS, canaries.MAC, canaries.UID)


@settings(max_examples=examples(60), deadline=None, derandomize=not is_full())
@example(canaries.HOST, "\x1b[1;31m", "%2F", "", "plain")
@example(canaries.SPACE, "%2F", "-", "", "plain")
@given(st.sampled_from(KNOWN[:3]), BETWEEN, BETWEEN, st.text(max_size=8), st.sampled_from(list(canaries.FORMS)))
def test_a_name_is_replaced_wherever_it_stands(word: str, before: str, after: str, beside: str, form: str) -> None:
    """Between any two characters that separate words, in any form, beside any text."""
    assume(form != "capitals" or "\\" not in f"{beside}{before}{after}")  # in capitals it escapes nothing
    text = canaries.FORMS[form](f"{beside}{before}{word}{after}{beside}")
    made = REDACTOR.text(text)
    assert not any(word.encode() in found.lower() for found in unfold(made.encode("utf-8", "surrogatepass")))


@pytest.mark.parametrize("word", KNOWN)
def test_equal_in_equal_out(word: str) -> None:
    """In a sentence, in capitals, and in base64; and translated back it is itself."""
    made = REDACTOR.text(word)
    assert made != word
    assert REDACTOR.text(f"about {word}: x") == f"about {made}: x"
    assert REDACTOR.text(canaries.plain64(f"about {word}: x")) == canaries.plain64(f"about {made}: x")
    assert REDACTOR.reveal(f"about {made}: x") == f"about {word}: x"


@pytest.mark.parametrize("word", [*canaries.NAMES[:1], canaries.UID, canaries.ADDRESS, canaries.PEM, canaries.TOKEN])
@pytest.mark.parametrize("form", ["plain", "base64", "gzip", "gzip in json in gzip"])
def test_the_last_look_finds_what_is_left(word: str, form: str) -> None:
    """And says where, but not what."""
    REDACTOR.text(" ".join(canaries.NAMES))
    with pytest.raises(LeakError) as caught:
        REDACTOR.vet({"kinds/nodes.jsonl": json.dumps({"a": {"b": canaries.FORMS[form](f"of {word} is")}}).encode()})
    assert word not in str(caught.value)
    assert "kinds/nodes.jsonl" in str(caught.value)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A support bundle with canaries in conditions and volumes, in the last line of each log, and in names of files."""
    folder = tmp_path_factory.mktemp("canaries")
    nodes = [canaries.HOST, canaries.OTHER, canaries.LONG, "kraken-09"]
    world = healthy(nodes, version="v1.4.2", lean=False)
    rollouts.at_step(world, nodes[1], "h4")
    orphan(world, nodes[-1], managed=True)
    for obj in world.objects:
        for condition in obj.get("status", {}).get("conditions", ()):
            condition["message"] = f"{condition.get('message', '')} {canaries.SENTENCE}"
    claim = {"kind": "PersistentVolumeClaim", "namespace": canaries.SPACE, "name": canaries.CLAIM}
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": canaries.meta("pvc-1"),
        "spec": {"claimRef": claim},
    }
    made = write_bundle(folder / "made.zip", [*world.objects, volume], captured_at=world.captured_at)
    path = folder / f"{canaries.CLUSTER}.zip"
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            line = f'2025-05-08T09:59:00Z level=error msg="{canaries.EVERYTHING}"\n' if name.endswith(".log") else ""
            new.writestr(name, old.read(name) + line.encode())
    return path


@pytest.mark.parametrize(
    "words",
    [
        ("check", "--redact", "--full"),
        ("preflight", "--redact", "--full"),
        ("upgrade", "--redact", "--timeline"),
        ("report", "--redact", "-o", "{}.html"),
        ("report", "--redact", "-o", "{}.json"),
        ("draw", "--redact", "-o", "{}.html"),
        ("redact", "-o", "{}.harvdiag.zip"),
        ("redact", "--as", "bundle", "-o", "{}.zip"),
    ],
    ids=lambda words: " ".join(words[:3]),
)
def test_no_canary_is_left_in_what_commands_write(words: tuple[str, ...], bundle: Path, tmp_path: Path) -> None:
    """Of a bundle with logs: on stdout, in reports and pages, in each member of an archive and of those within it."""
    result = run(words[0], bundle, *(word.format(tmp_path / "out") for word in words[1:]), "--key", tmp_path / "key")
    assert result.returncode in (0, 1), result.stderr
    written = [path.read_bytes() for path in tmp_path.glob("out.*")]
    shown = b"" if words[0] == "redact" else result.stdout.encode()
    found = {name: each for data in written for name, each in members(data).items()} | {"stdout": shown}
    assert {name: left(data + name.encode()) for name, data in found.items() if left(data + name.encode())} == {}
    assert any(found.values())


def members(data: bytes) -> dict[str, bytes]:
    """The members of an archive, and of archives in it; of another file the whole."""
    if data[:2] != b"PK":
        return {"file": data}
    found: dict[str, bytes] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as box:
        for name in box.namelist():
            found |= {f"{name}/{inner}": part for inner, part in members(box.read(name)).items()}
    return found
