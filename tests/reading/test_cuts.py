"""What is cut out of an item before it is parsed: the objects and the errors are those of the whole text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvdiag.io.yaml import TextError, cut_rows, dropping, lists, load_kit_list
from harvdiag.io.yaml.cuts import Cut
from harvdiag.kinds.plansecret import PLAN_TYPE, STATUS_KEYS, strip_plan
from harvdiag.sources.bundle import reader
from harvdiag.sources.bundle.damage import repair_text, undo_null_rewrite
from tests.reading.test_lists import ENGINES, kit, same
from tests.sample import examples

LONG = "QUJD+/" * 30 + "QQ=="
LABELS = """      kubernetes.io/arch: amd64
      kubernetes.io/hostname: "null"
      plan.cattle.io/hash: 9bfa359f6915ab7
      node-role.kubernetes.io/etcd: "true"
"""
IMAGES = """    - names:
      - docker.io/rancher/shell@sha256:6773affdf6efe13e
      - docker.io/rancher/shell:v1.4.2
      sizeBytes: 8.22171168e+08
    - names:
      - ghcr.io:443/a/b
      sizeBytes: 1500
    - names:
      - docker.io/c
      sizeBytes: 1.5e+00
"""
NODE = f"""apiVersion: v1
kind: Node
metadata:
    labels:
{LABELS}    name: a
status:
    images:
{IMAGES}    nodeInfo:
      osImage: x
""".replace("\n    ", "\n  ")
SECRET = f"""apiVersion: v1
data:
  applied-checksum: {LONG}
  applied-output: {LONG}
  failed-output: "null"
  probe-statuses: {LONG}
kind: Secret
metadata:
  name: a
type: {PLAN_TYPE}
"""


@pytest.fixture(params=ENGINES)
def _engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARVDIAG_YAML", request.param)


either = pytest.mark.usefixtures("_engine")


def load(data: bytes, cut: Cut | None) -> Any:
    try:
        return load_kit_list(data, None, cut, repair_text)
    except TextError as error:
        return str(error)


def strip(found: Any) -> Any:
    """What is kept of Secrets; an error stays."""
    return (
        [strip_plan(item) if isinstance(item, dict) else item for item in found] if isinstance(found, list) else found
    )


@either
def test_rows_are_read_as_a_parser_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows of labels and images never reach the parser, and the objects are the same, also in the order of keys."""
    data = kit(NODE, NODE.replace("9bfa359f6915ab7", "host-1"))
    whole, parsed = load(data, None), []
    parse = lists._selected_parser()
    monkeypatch.setattr(lists, "_selected_parser", lambda: lambda text, mend: parsed.append(text) or parse(text, mend))
    assert same(load(data, cut_rows), whole)
    assert whole[0]["status"]["images"][0]["sizeBytes"] == 822171168
    assert b"docker.io" not in b"".join(parsed)
    assert b"kubernetes.io" not in b"".join(parsed)
    assert sum(map(len, parsed)) * 2 < len(data)


@either
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("amd64", "1e+06"),
        ("amd64", "405862e486"),
        ("amd64", "true"),
        ("amd64", "~"),
        ("amd64", "amd64 # none"),
        ("amd64", "a: b"),
        ("amd64", "a\n      b"),
        ("amd64", "&x amd64"),
        ('"true"', '"tr\\x75e"'),
        ('"true"', "{}"),
        ('"true"', '"null"'),
        ("kubernetes.io/hostname", "kubernetes.io/arch"),
        ("  labels:\n", "  labels:\n\n"),
        ("  labels:\n", "  labels: {}\n  labels:\n"),
        ("  name: a\n", "  labels: {}\n  name: a\n"),
        ("  name: a\n", "  - x\n  name: a\n"),
        ("metadata:\n", "metadata: |\n"),
        ("metadata:\n", "spec:\n"),
        ("docker.io/c", "docker.io/c:"),
        ("docker.io/c", "null"),
        ("docker.io/c", "docker.io/c # none"),
        ("docker.io/c", '"<none>"'),
        ("1500", "1500\n      sizeBytes: 1"),
        ("1500", "123456789012345678901234"),
        ("1500", "0x10"),
        ("  nodeInfo:\n", "  - names: null\n  nodeInfo:\n"),
        ("  nodeInfo:\n", "    more: 1\n  nodeInfo:\n"),
        ("status:\n", "status: >\n"),
    ],
)
def test_what_stands_otherwise_is_parsed(old: str, new: str) -> None:
    """Whatever a row is that has not the one form, the answer is the parser's: the same object, or the same error."""
    assert old in NODE
    data = kit(NODE.replace(old, new))
    assert same(load(data, cut_rows), load(data, None))


@either
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("type:", "type:"),
        (f"applied-output: {LONG}", f"applied-output: {LONG}\n    more"),
        (f"applied-output: {LONG}", f"applied-output: {LONG}: x"),
        (f"applied-output: {LONG}", f"applied-output: {LONG}\n  applied-output: x"),
        (f"applied-output: {LONG}", f"applied-output: |\n    {LONG}"),
        (f"applied-output: {LONG}", f"applied-output: {LONG}\x07"),
        (f"applied-output: {LONG}", f"applied-output:\n    {LONG}"),
        ("data:\n", "data: &x\n"),
        ("failed-output", "? failed-output"),
    ],
)
def test_outputs_are_dropped_and_nothing_else(old: str, new: str) -> None:
    """What is kept of a plan Secret is the same, and so is what is refused."""
    assert old in SECRET
    data = kit(SECRET.replace(old, new))
    assert same(strip(load(data, dropping(STATUS_KEYS))), strip(load(data, None)))


@either
def test_an_output_never_reaches_the_parser() -> None:
    (secret,) = load_kit_list(kit(SECRET), None, reader.CUTS["secrets"])
    assert list(secret["data"]) == ["applied-checksum", "failed-output", "probe-statuses"]


@either
def test_texts_are_mended_while_they_are_read() -> None:
    """In the same way as by a pass over all values: in mappings, in lists, and of an item that is a text."""
    data = kit('a: "null"\nb:\n- \'pull "x"null\'\n- not null\nc: {}\nd: "\\U0001F680null"', '"null"', NODE)
    assert same(load_kit_list(data, mend=repair_text), [undo_null_rewrite(item) for item in load_kit_list(data)])


@given(st.data())
@settings(max_examples=examples(150), deadline=None)
def test_damaged_text_is_read_alike(data: st.DataObject) -> None:
    """With any bytes damaged, what is read with the cuts is what is read without."""
    secret = data.draw(st.booleans())
    text = bytearray(kit(SECRET if secret else NODE))
    for _ in range(data.draw(st.integers(1, 3))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.sampled_from(b"\n -:&#'\"|>[]{}\0\xffa0?%\te."))
    cut = reader.CUTS["secrets" if secret else "nodes"]
    found, whole = load(bytes(text), cut), load(bytes(text), None)
    assert same(*((strip(found), strip(whole)) if secret else (found, whole)))
