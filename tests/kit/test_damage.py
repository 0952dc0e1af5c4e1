"""The collector's damage to values is undone, for any object that the API can give."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvdiag.io.yaml import load_kit_list
from harvdiag.sources.bundle.damage import undo_null_rewrite
from harvdiag.training.kit.encode import encode_list, kit_quirks
from tests.sample import examples

# Inside a string, `"key":null,` is rewritten too; that text is JSON in an annotation, which nobody reads.
NESTED = re.compile(r'"[A-Za-z]+":null,')
letters = st.characters(min_codepoint=32, max_codepoint=0x17F, exclude_characters="\x7f\x85\xa0\xad")
strings = st.one_of(
    st.text(letters, max_size=24),
    st.sampled_from(["", "null", '"', '""', 'pull "x"', '{"a":""}', "nullnull", "not null", '"null', "Null", "~"]),
).filter(lambda text: not NESTED.search(text))
keys = st.text(st.sampled_from("abcXYZ./-09"), min_size=1, max_size=12)
numbers = st.one_of(st.integers(-(2**53), 2**53), st.floats(-1e15, 1e15, allow_nan=False))
scalars = st.one_of(st.none(), st.booleans(), numbers, strings)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=20,
)
objects = st.dictionaries(keys, values, max_size=5)


def normal(value: Any) -> Any:
    """The value as far as the kit lets one know it: empty, null and the text ``null`` are one."""
    if isinstance(value, dict):
        return {key: normal(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [normal(inner) for inner in value]
    if value is None or value == "null":
        return ""
    return value[:-4] if isinstance(value, str) and value.endswith('"null') else value


@given(objects)
@settings(max_examples=examples(150), deadline=None)
def test_mend_undoes_what_the_kit_does(obj: dict[str, Any]) -> None:
    """Whatever the API gave, what is left after damage and mending is the same but for the three kinds of nothing."""
    assert normal(undo_null_rewrite(kit_quirks(obj))) == normal(obj)


@given(objects)
@settings(max_examples=examples(100), deadline=None)
def test_mending_twice_is_mending_once(obj: dict[str, Any]) -> None:
    """An object without damage in it stays as it is."""
    once = undo_null_rewrite(kit_quirks(obj))
    assert undo_null_rewrite(copy.deepcopy(once)) == once or '"null' in str(once)


@given(st.lists(objects, min_size=1, max_size=3))
@settings(max_examples=examples(80), deadline=None)
def test_written_read_and_mended_is_the_same(contents: list[dict[str, Any]]) -> None:
    """Through the kit's text and back: the same objects, whole numbers whole again."""
    items = [{"apiVersion": "v1", "data": content, "kind": "ConfigMap"} for content in contents]
    text = "".join(encode_list(items, {"resourceVersion": "1"}))
    read = [undo_null_rewrite(item) for item in load_kit_list(text.encode())]
    assert [normal(item) for item in read] == [normal(item) for item in items]
    assert [shape(normal(item)) for item in read] == [shape(normal(item)) for item in items]


def shape(value: Any) -> Any:
    """The types of a value; a float that is whole counts as an int, as JSON does."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return int if isinstance(value, float) and value.is_integer() else type(value)


@pytest.mark.parametrize(
    ("damaged", "mended"),
    [
        ("null", ""),
        ('pull "x"null', 'pull "x"'),
        ('"null', '"'),
        ("not null", "not null"),
        ("nullnull", "nullnull"),
        ("Null", "Null"),
        ("", ""),
        (None, None),
        (0, 0),
        (False, False),
    ],
)
def test_values(damaged: Any, mended: Any) -> None:
    """Each shape of damage by itself; nothing else is touched, and 0 and false are something."""
    assert undo_null_rewrite(damaged) == mended
    assert undo_null_rewrite([damaged]) == [mended]
    assert undo_null_rewrite({"a": [{"b": damaged}]}) == {"a": [{"b": mended}]}


def test_keys_are_left_alone() -> None:
    """A key that is called null is a key."""
    assert undo_null_rewrite({"null": "null", 'a"null': "x"}) == {"null": "", 'a"null': "x"}


def test_mending_is_in_place() -> None:
    """Lists and dictionaries are not copied: a bundle of 200 nodes is mended without a second one in memory."""
    inner = {"a": "null"}
    outer = {"list": [inner]}
    assert undo_null_rewrite(outer) is outer
    assert outer == {"list": [{"a": ""}]}
    assert outer["list"][0] is inner
