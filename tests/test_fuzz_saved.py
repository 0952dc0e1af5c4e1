"""Snapshot files that were damaged or made up: nothing but a HarvdiagError, and never a check that passes wrongly."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harvdiag.cluster import Cluster
from harvdiag.core.errors import HarvdiagError
from harvdiag.kinds import CATALOGUE
from harvdiag.reports import render
from harvdiag.rules.engine import registry
from harvdiag.snapshot import Snapshot
from harvdiag.sources.saved.manifest import manifest_checksum, sha256_hex
from harvdiag.sources.saved.reader import SavedReader, contains_snapshot, looks_like_snapshot
from tests.sample import examples
from tests.test_fuzz import STRANGE, places

SAMPLE = Path(__file__).parent / "data" / "schema-1.harvdiag.zip"
TIMES = {"captured_at"}  # another time of collection is no damage: what is young or old depends on it
Outcomes = dict[str, str]
many = settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.sampled_from(STRANGE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@cache
def whole() -> dict[str, bytes]:
    """The members of the sample."""
    with zipfile.ZipFile(SAMPLE) as box:
        return {name: box.read(name) for name in box.namelist()}


@cache
def true() -> Outcomes:
    """What every rule says of the sample."""
    return outcomes(SAMPLE) or {}


def outcomes(path: Path) -> Outcomes | None:
    """What every rule says of a file, once all else that can be asked was asked; None where nothing can be said."""
    assert looks_like_snapshot(path) in {True, False}
    assert contains_snapshot(path) in {True, False}
    try:
        cluster = Cluster(Snapshot(SavedReader(path)))
        cluster.snapshot.load(CATALOGUE)
        for word in cluster.kinds[:30]:
            with suppress(HarvdiagError):
                cluster.snapshot.objects(cluster.snapshot.resolve_kind(word).name)
        for host in ("srv09", "", "x"):
            cluster.snapshot.host(host)
        findings = cluster.check()
    except HarvdiagError:
        return None
    assert all(render(findings, form) for form in ("table", "json", "markdown"))
    return {outcome.rule: outcome.outcome for outcome in findings.outcomes}


def tried(data: bytes) -> Outcomes:
    """The outcomes for a file of these bytes; empty where it is refused."""
    with TemporaryDirectory() as place:
        path = Path(place) / "s.zip"
        path.write_bytes(data)
        return outcomes(path) or {}


def packed(members: dict[str, bytes]) -> bytes:
    """A zip of these members."""
    with TemporaryDirectory() as place:
        with zipfile.ZipFile(f"{place}/s.zip", "w") as box:
            for name, data in members.items():
                box.writestr(name, data)
        return Path(place, "s.zip").read_bytes()


def assert_true_or_silent(found: Outcomes) -> None:
    """Each rule says what it says of the whole file, or that it cannot tell.

    A fallback speaks where the rule that would tell the reason could not be run.
    """
    fallbacks = {rule.name for rule in registry().values() if rule.fallback}
    changed = {rule: told for rule, told in found.items() if told not in {true()[rule], "skipped"}}
    assert {rule: told for rule, told in changed.items() if rule not in fallbacks} == {}


@many
@given(st.data())
def test_bytes_that_were_changed(data: st.DataObject) -> None:
    """A few bytes overwritten, left out or put in, anywhere."""
    blob = bytearray(SAMPLE.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        # Half of the time near the end, where the directory stands.
        at = data.draw(st.integers(0, len(blob)) | st.integers(max(0, len(blob) - 1500), len(blob)))
        gone = data.draw(st.sampled_from([0, 1, 1, 1, 30, len(blob)]))
        blob[at : at + gone] = data.draw(st.binary(max_size=3))
    assert_true_or_silent(tried(bytes(blob)))


def sites(body: Any) -> Iterator[tuple[Any, str | int]]:
    """Every place in a manifest, but those that are times, and the checksum that is made anew."""
    return (place for place in places(body) if place[1] not in TIMES | {"sha256"})


@many
@given(st.data())
def test_manifest_of_any_shape(data: st.DataObject) -> None:
    """Any value at any place, under a checksum that fits."""
    body = deepcopy(json.loads(whole()["manifest.json"]))
    for _ in range(data.draw(st.integers(1, 3))):
        found = list(sites(body))
        if not found:
            break
        holder, key = data.draw(st.sampled_from(found))
        if data.draw(st.booleans()):
            holder[key] = data.draw(json_values)
        else:
            del holder[key]
    text = json.dumps({**body, "sha256": manifest_checksum(body)}).encode()
    assert_true_or_silent(tried(packed({**whole(), "manifest.json": text})))


@many
@given(st.data())
def test_lines_of_any_shape(data: st.DataObject) -> None:
    """Any line instead of an object, with checksums that fit: data of a stranger, and never a crash."""
    member = data.draw(st.sampled_from(sorted(set(whole()) - {"manifest.json"})))
    lines = whole()[member].splitlines()
    if not lines:
        return
    at = data.draw(st.integers(0, len(lines) - 1))
    obj = json.loads(lines[at])
    holder, key = data.draw(st.sampled_from(list(places(obj))))
    holder[key] = data.draw(json_values)
    changed = st.just(json.dumps(obj).encode()) | st.binary(max_size=20) | json_values.map(json.dumps).map(str.encode)
    lines[at] = data.draw(changed)
    text = b"".join(line + b"\n" for line in lines)
    body = json.loads(whole()["manifest.json"])
    body["files"][member] |= {"sha256": sha256_hex(text), "bytes": len(text)}
    manifest = json.dumps({**body, "sha256": manifest_checksum(body)}).encode()
    tried(packed({**whole(), "manifest.json": manifest, member: text}))


@many
@given(json_values)
def test_manifest_that_is_anything(value: Any) -> None:
    """Not even a mapping."""
    assert tried(packed({**whole(), "manifest.json": json.dumps(value).encode()})) == {}
