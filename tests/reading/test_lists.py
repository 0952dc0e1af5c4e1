"""List files of a bundle: both engines give the same objects, and damage is told in one line."""

from __future__ import annotations

import gc
import json
import os
import zipfile
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from harvdiag.core.errors import UsageError
from harvdiag.io.yaml import (
    TextError,
    engine_version,
    load_documents,
    load_kit_document,
    load_kit_list,
    paused_collector,
)
from tests.reading.test_yamltext import BAD, SCALARS
from tests.sample import examples
from tests.tools import gen_bundle

ENGINES = ("yaml-rs", "pyyaml")
Bundle = tuple[dict[str, bytes], dict[str, Any]]


@pytest.fixture(params=ENGINES)
def _engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARVDIAG_YAML", request.param)


either = pytest.mark.usefixtures("_engine")


def by(name: str, data: bytes) -> Any:
    """The items as this engine gives them, or the error's text."""
    before = os.environ.get("HARVDIAG_YAML")
    os.environ["HARVDIAG_YAML"] = name
    try:
        return load_kit_list(data)
    except TextError as error:
        return str(error)
    finally:
        os.environ.pop("HARVDIAG_YAML")
        if before is not None:
            os.environ["HARVDIAG_YAML"] = before


def same(one: Any, other: Any) -> bool:
    """Equal with equal types and order of keys: 1 is not 1.0 and not True."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def whole(value: Any) -> Any:
    """What the kit meant: numbers that its floats stand for, and no managedFields."""
    if isinstance(value, dict):
        return {key: whole(member) for key, member in value.items() if key != "managedFields"}
    if isinstance(value, list):
        return [whole(member) for member in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**63 else value


def kit(*items: str, tail: str = 'kind: List\nmetadata:\n  resourceVersion: "1"\n') -> bytes:
    body = "".join("- " + item.strip().replace("\n", "\n  ") + "\n" for item in items)
    return f"apiVersion: v1\nitems:\n{body}{tail}".encode()


# --- the generator's files and its encoder --------------------------------------------------------------------------


def made(folder: Path) -> Bundle:
    gen_bundle.write_bundle(folder / "b.zip", 4, 1, log_kb=0, json_dir=str(folder / "api"))
    with zipfile.ZipFile(folder / "b.zip") as archive:
        files = {n.split("/yamls/")[1][:-5]: archive.read(n) for n in archive.namelist() if n.endswith("s.yaml")}
    truth = {}
    for path in (folder / "api").glob("*.json"):
        listed = json.loads(path.read_text(encoding="utf-8").split("\n", 1)[1])
        truth[path.stem.replace("__", "/")] = whole(gen_bundle.kit_quirks(listed)["items"])
    return files, truth


def test_the_generators_files_are_read_exactly(tmp_path: Path) -> None:
    """By each engine; to make the files takes longer than to read them."""
    files, truth = made(tmp_path)
    assert len(files) == len(truth) == 39
    for name, (path, data) in product(ENGINES, files.items()):
        found = by(name, data)
        assert found == truth[path], (name, path)
        assert json.dumps(found, sort_keys=True) == json.dumps(truth[path], sort_keys=True), (name, path)


TRICKY = [text for text, _ in SCALARS if "\n" not in text] + [
    "null", "a && b", "&anchor", "*alias", "!tag", "[x", "{x", "- x", "? x", "k: v", "#x", "a #b", "---", "...", "%x",
    "@x", "`x`", "managedFields:", "kind: List", "0x" + "f" * 20, "inf", "NaN", "\u2028", "\x85", "\ufeff", "\x07",
    "\xa0", "A" * 600, "9" * 700, "A" * 600 + " b c", "\U0001f680", "- - - x", "e" * 90 + " " + "f" * 90,
]  # fmt: skip
_text = (
    st.sampled_from(TRICKY)
    | st.text(max_size=12)
    | st.text(st.sampled_from("0123456789eE+-._xa: #"), max_size=10)
    | st.lists(st.sampled_from([*TRICKY, "word", "\n", "\n- ", "\n    "]), max_size=30).map(" ".join)
)
_scalars = (
    _text | st.integers(-(10**7), 10**7) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.none()
)
_keys = st.sampled_from(["metadata", "spec", "managedFields", "name"]) | _text.filter(
    lambda key: all(c.isdecimal() or not c.isdigit() for c in key)  # the encoder's order of keys knows no other digits
)
_objects = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_keys, inner, max_size=4), max_leaves=12
)
_items = st.lists(st.dictionaries(_keys, _objects, min_size=1, max_size=5), min_size=1, max_size=4)


@given(_items)
@settings(max_examples=examples(500), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example([{"metadata": {"managedFields": [{"a": "b"}], "name": "n"}, "spec": {"managedFields": [1]}}])
@example([{"managedFields: " + "A" * 600 + " b": [], "other: " + "B" * 600 + " b": "k: " + "C" * 600 + " d"}])
@example([{"metadata": {"managedFields": [None]}, "spec": {}}])
@example([{"message": "x\nmanagedFields:\n- y\n", "metadata": {"name": "n"}}])
def test_both_engines_read_what_the_kits_encoder_writes(items: list[dict[str, Any]]) -> None:
    data = "".join(gen_bundle.encode_list(items, {})).encode()
    fast, exact = by("yaml-rs", data), by("pyyaml", data)
    assert same(fast, exact)
    if not any(c in data.decode() for c in "\u2028\u2029\x85\ufeff"):  # yaml.v2 itself is not consistent in these
        wanted = gen_bundle.kit_quirks(items)
        for item in wanted:
            if isinstance(item.get("metadata"), dict):
                item["metadata"].pop("managedFields", None)
        assert exact == wanted


@given(st.text(st.sampled_from("0019eE+-._xobXOBinfa~tru:"), min_size=1, max_size=8))
@settings(max_examples=examples(1500), deadline=None)
def test_both_engines_agree_on_any_bare_word(word: str) -> None:
    for item in (f"a: {word}", f"- {word}", f"{word}: a", f"a: {word} # b", f"- - {word}"):
        data = kit(item)
        assert same(by("yaml-rs", data), by("pyyaml", data)), item


@pytest.mark.parametrize(("text", "value"), SCALARS, ids=lambda value: str(value)[:20])
@either
def test_traps(text: str, value: Any) -> None:
    (item,) = load_kit_list(kit(f"top:\n  key: {text}\n  end: 1"))
    assert same(item, {"top": {"key": value, "end": 1}})


@either
def test_tabs() -> None:
    assert load_kit_list(kit("a:\tb\nc: d\te")) == [{"a": "b", "c": "d\te"}]


@pytest.mark.parametrize("text", [text for text, _ in BAD[:-1]], ids=range(len(BAD) - 1))
def test_both_engines_refuse_with_the_same_words(text: bytes) -> None:
    data = kit("a: 1", text.decode("latin-1"), "b: 1")
    fast = by("yaml-rs", data)
    assert isinstance(fast, str)
    assert fast == by("pyyaml", data)
    assert "\n" not in fast


@given(st.data())
@settings(max_examples=examples(400), deadline=None)
def test_damaged_text_is_read_alike_or_refused(data: st.DataObject) -> None:
    text = bytearray(
        kit(
            "kind: A\nmetadata:\n  name: x\n  managedFields:\n  - a: b\n  uid: y",
            "kind: B\nspec: {}\ntext: |\n  a\n  b",
        )
    )
    for _ in range(data.draw(st.integers(0, 3))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(
            st.sampled_from(b"\n -:&*!#'\"|>[]{}\0\xff\x85a0?%\t\r")
        )
    cut = bytes(text[: data.draw(st.integers(0, len(text)))])
    assert same(by("yaml-rs", cut), by("pyyaml", cut))


# --- what is a list, and what is not --------------------------------------------------------------------------------


@either
def test_managed_fields_go_and_nothing_else_of_that_name() -> None:
    item = """
kind: Event
message: |-
  metadata:
    managedFields:
    - none
metadata:
  annotations:
    text: |
      managedFields:
      - none
  managedFields:
  - manager: kubectl
    fieldsV1:
      f:a: {}
  name: x
spec:
  managedFields:
  - kept
"""
    (event,) = load_kit_list(kit(item))
    assert event["message"] == "metadata:\n  managedFields:\n  - none"
    assert event["metadata"] == {"annotations": {"text": "managedFields:\n- none\n"}, "name": "x"}
    assert event["spec"] == {"managedFields": ["kept"]}


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("apiVersion: v1\nitems: []\nkind: List\n", []),
        ("apiVersion: v1\nitems: null\nkind: List\n", []),
        ("apiVersion: v1\nitems:\nkind: List\n", []),
        ("apiVersion: v1\nitems:\n- spec:\n    a: b\nkind: NodeList\nmetadata: {}\n", [{"spec": {"a": "b"}}]),
        ("apiVersion: harvesterhci.io/v1beta1\nitems:\n- a: 1e+06\nkind: SettingList\n", [{"a": 1_000_000}]),
        ("# by hand\nkind: List\nitems:\n  - a: 1\n  - metadata: {managedFields: []}\n", [{"a": 1}, {"metadata": {}}]),
        ("apiVersion: v1\nitems:\n- 1\n- x\n- null\n- - y\nkind: List\n", [1, "x", None, ["y"]]),
        ("apiVersion: v1\r\nitems:\r\n- a: 1\r\nkind: List\r\n", [{"a": 1}]),
    ],
)  # fmt: skip
@either
def test_lists(text: str, items: list[Any]) -> None:
    assert same(load_kit_list(text.encode()), items)


WHOLE = kit("kind: A\nmetadata:\n  name: a", "kind: B\nmetadata:\n  name: b").decode()
CUT = "is truncated: no `kind: List` after the items"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (WHOLE[: WHOLE.index("kind: List")], CUT),
        (WHOLE[: WHOLE.index("kind: B") - 2], CUT),
        (WHOLE[: WHOLE.index("name: b")], CUT),
        ("apiVersion: v1\nitems:\n", CUT),
        ("apiVersion: v1\nitems: []\n", CUT),
        ("apiVersion: v1\nitems:\n- a: 1\nkind: Node\n", CUT),
        ("", "is empty"),
        ("# nothing\n", "is empty"),
        ("just text", "is not a list of objects"),
        ("kind: Node\nmetadata: {}\n", "is not a list of objects: it has no `items`"),
        ("items: {}\nkind: List\n", "is not a list of objects: its `items` are not a list"),
        ("kind: List\nitems: []\n---\nkind: List\nitems: []\n", "holds 2 YAML documents instead of one"),
        (WHOLE + "items: []\n", "duplicate key 'items'"),
        (WHOLE.replace("kind: A", "kind: &a [A]\n  b: *a"), "uses YAML anchors (line 3), which kubectl never writes"),
        (WHOLE.replace("name: b", "name: b\n    name: c"), "duplicate key 'name' (line 9)"),
        (WHOLE.replace("name: b", 'name: "b'), 'is not valid YAML (line 9): found unexpected end of stream'),
        (WHOLE.replace("name: a", "name: a\0"), "holds a NUL byte (line 5), so it is not text or was damaged"),
    ],
)  # fmt: skip
@either
def test_no_lists(text: str, error: str) -> None:
    with pytest.raises(TextError) as caught:
        load_kit_list(text.encode())
    assert str(caught.value) == error


@either
def test_errors_count_lines_of_the_file_with_its_managed_fields() -> None:
    item = "kind: A\nmetadata:\n  managedFields:\n  - a: b\n  - c: d\n  name: x\n  name: y"
    with pytest.raises(TextError, match=r"^duplicate key 'name' \(line 13\)$"):
        load_kit_list(kit("kind: B\nspec:\n  a: 1\n  b: 1", item))


@either
def test_invalid_utf8_is_found_even_where_it_would_be_cut() -> None:
    data = kit("kind: A\nmetadata:\n  managedFields:\n  - a: QQ\n  name: x").replace(b"QQ", b"\xff")
    with pytest.raises(TextError, match=r"^is not UTF-8 \(line 6\), so it is not text"):
        load_kit_list(data)


@either
def test_other_documents_of_the_kit() -> None:
    text = b'bundlename: bundle-1\nbundlecreatedat: 2025-05-08T10:00:00Z\nissuedescription: "a\\nb"\nn: 1e+06\n'
    assert load_kit_document(text) == {
        "bundlename": "bundle-1", "bundlecreatedat": "2025-05-08T10:00:00Z", "issuedescription": "a\nb", "n": 1_000_000,
    }  # fmt: skip
    with pytest.raises(TextError):
        load_kit_document(b"a: 1\n---\nb: 1\n")


def test_documents_of_kubectl() -> None:
    text = b"# two\napiVersion: v1\nkind: Node\nmetadata: {name: a, at: 2025-05-08T10:00:00Z}\n---\nkind: B\n"
    assert load_documents(text) == [
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a", "at": "2025-05-08T10:00:00Z"}},
        {"kind": "B"},
    ]


# --- the engine and the collector -----------------------------------------------------------------------------------


def test_the_engine_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HARVDIAG_YAML", raising=False)
    assert engine_version().startswith("yaml-rs 0.")
    monkeypatch.setenv("HARVDIAG_YAML", "pyyaml")
    assert engine_version().startswith("PyYAML 6.")
    assert engine_version().endswith("(libyaml)")
    monkeypatch.setenv("HARVDIAG_YAML", "ruamel")
    with pytest.raises(UsageError, match=r"^HARVDIAG_YAML=ruamel: unknown engine; set it to pyyaml or yaml-rs"):
        engine_version()


def test_the_collector_rests_and_wakes() -> None:
    assert gc.isenabled()
    with paused_collector():
        assert not gc.isenabled()
        with paused_collector():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
    gc.unfreeze()


LONG = 200_000
HOSTILE = {
    "digits": "1" * LONG + "x",
    "digits and underlines": "1_" * (LONG // 2) + "x",
    "dots": "1." * (LONG // 2) + "x",
    "digits around a dot": "1" * LONG + "." + "1" * LONG + "x",
    "an exponent": "1" * LONG + "e+" + "1" * LONG + "x",
    "a hexadecimal number": "0x" + "f" * LONG + "x",
    "spaces": "1" + " " * LONG + "x",
    "base64": "A" * LONG + "-",
    "colons": "a:b" * LONG,
    "signs": "-" * LONG + "1",
}


@either
@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_long_values_take_no_more_than_their_length(value: str) -> None:
    """A line on which a pattern would go back and forth would hang here."""
    data = f"apiVersion: v1\nitems:\n- kind: Node\n  spec: {value}\nkind: List\n".encode()
    assert load_kit_list(data) == [{"kind": "Node", "spec": value}]


@pytest.mark.parametrize("rest", ["", "- a b\n", "- text: b\n", "\n\n- a b\n", "  more: c\n"])
def test_empty_block_is_read_alike(rest: str) -> None:
    """A block of text without a line, as a cut leaves it, is an empty string and no line feed."""
    for header in ("|", "|-", ">", "|+"):
        data = f"apiVersion: v1\nitems:\n- kind: A\n  text: {header}\n{rest}kind: List\n".encode()
        assert same(by("yaml-rs", data), by("pyyaml", data))


@either
def test_words_do_not_outlive_the_load() -> None:
    """Neither of a list nor of documents, whether they can be read or not."""
    from harvdiag.io.yaml import yamltext

    data = b"apiVersion: v1\nitems:\n- password: hunter2\n  pin: 4711\nkind: List\n"
    for load in (load_kit_list, load_kit_document, load_documents):
        assert load(data)
        assert yamltext._memo == yamltext._WORDS
    with pytest.raises(TextError):
        load_documents(b"password: hunter2\na: [\n")
    with pytest.raises(TextError):
        load_documents(b"password: hunter2\na: 1\na: 2\n")
    assert yamltext._memo == yamltext._WORDS
