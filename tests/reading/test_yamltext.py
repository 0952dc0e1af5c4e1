"""The exact rule, on libyaml and without it."""

from __future__ import annotations

from typing import Any

import pytest

from harvdiag.io.yaml.text import DEPTH, TextError, check_text
from harvdiag.io.yaml.yamltext import parse_document, parse_documents

# Traps of plain text: what other readers make dates, numbers, truth values or errors of.
SCALARS: list[tuple[str, Any]] = [
    ("1e+06", 1_000_000),
    ("1.00065e+09", 1_000_650_000),
    ("1e-05", 1e-05),
    ("999999", 999_999),
    ("-7", -7),
    ("0", 0),
    ("0.5", 0.5),
    ("18446744073709551615", 2**64 - 1),
    ("405862e486", "405862e486"),
    ("1e400", "1e400"),
    ("_9", "_9"),
    ("1_000", "1_000"),
    ("0644", "0644"),
    ("08", "08"),
    ("0o17", "0o17"),
    ("0x1F", "0x1F"),
    ("+5", "+5"),
    (".5", ".5"),
    ("5.", "5."),
    (".inf", ".inf"),
    ("1" * 5000, "1" * 5000),
    ("12:30:45", "12:30:45"),
    ("2025-01-31T10:12:22Z", "2025-01-31T10:12:22Z"),
    ("2025-01-31", "2025-01-31"),
    ("=", "="),
    ("<<", "<<"),
    ("yes", "yes"),
    ("off", "off"),
    ("n", "n"),
    ("true", True),
    ("False", False),
    ("null", None),
    ("Null", None),
    ("~", None),
    ("", None),
    ('"true"', "true"),
    ("'1e+06'", "1e+06"),
    ('"\\x01 \\e \\U0001F680"', "\x01 \x1b \U0001f680"),
    ("|\n   one\n     two\n", "one\n  two\n"),
    ("|2-\n      one\n     two\n", "  one\n two"),
    (">\n   one\n   two\n", "one two\n"),
    ("plain\n    folded", "plain folded"),
    ('"quoted\n    folded \\\n    on"', "quoted folded on"),
    ("{a: [1, b], c: {}}", {"a": [1, "b"], "c": {}}),
    ("x # said so", "x"),
    ("!!python/object/apply:os.system ['id']", ["id"]),
]


@pytest.mark.parametrize("pure", [False, True], ids=["libyaml", "pure"])
@pytest.mark.parametrize(("text", "value"), SCALARS, ids=lambda value: str(value)[:20])
def test_values(text: str, value: Any, pure: bool) -> None:
    found = parse_document(f"top:\n  key: {text}\n  end: 1\n".encode(), pure=pure)
    assert found == {"top": {"key": value, "end": 1}}
    assert type(found["top"]["key"]) is type(value)


@pytest.mark.parametrize("pure", [False, True], ids=["libyaml", "pure"])
def test_keys_are_text(pure: bool) -> None:
    text = b'? long\n: 1\n1: a\ntrue: b\n"n": c\n405862e486: d\n<<: e\n~: f\nk:{"type":"Ready"}: g\n.: {}\n'
    assert list(parse_document(text, pure=pure)) == [
        "long",
        "1",
        "true",
        "n",
        "405862e486",
        "<<",
        "~",
        'k:{"type":"Ready"}',
        ".",
    ]


def test_line_ends_and_a_byte_order_mark() -> None:
    assert parse_document("\ufeffa: 1\r\nb:\r\n- x\r\n".encode()) == {"a": 1, "b": ["x"]}


def test_raw_line_separators_are_folded_as_yaml_v2_writes_them() -> None:
    assert parse_document("a: 'x\u2028  y'\n".encode()) == {"a": "x\u2028y"}


def test_tabs_which_only_libyaml_takes() -> None:
    assert parse_document(b"a:\tb\nc: d\te\n") == {"a": "b", "c": "d\te"}


def test_documents() -> None:
    assert parse_document(b"") is None
    assert parse_documents(b"") == []
    assert parse_documents(b"a: 1\n---\n# nothing\n---\n- b\n...\n") == [{"a": 1}, None, ["b"]]


LAUGHS = b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"
BAD = [
    (b"a: [1\nb: 2\n", r"^is not valid YAML \(line \d\): "),
    (b'a: "b\n', r"^is not valid YAML \(line \d\): "),
    (b"a: 1\n b: 2\n", r"^is not valid YAML \(line 2\): mapping values are not allowed"),
    (b"x: 1\na: 1\nb: 2\na: 3\n", r"^duplicate key 'a' \(line 4\)$"),
    (b"? [a]\n: 1\n", r"^a mapping has a key that is a collection \(line 1\)$"),
    (LAUGHS, r"^uses YAML anchors \(line 1\), which kubectl never writes$"),
    (b"x: 1\na: &a\n  b: *a\n", r"^uses YAML anchors \(line \d\), which kubectl never writes$"),
    (b"a: *none\n", r"^is not valid YAML \(line 1\): found undefined alias"),
    (b"a: \x07\n", r"^holds a control character, so it is not text or was damaged$"),
    (b"- " * (DEPTH + 1) + b"x", rf"^collections nest deeper than {DEPTH}, which no Kubernetes object does$"),
    (b"[" * 100_000, rf"^collections nest deeper than {DEPTH}, which no Kubernetes object does$"),
    (b"- " * 100_000, rf"^collections nest deeper than {DEPTH}, which no Kubernetes object does$"),
    (b"a: 1\n---\nb: 1\n", r"^is not valid YAML \(line 2\): but found another document$"),
]


@pytest.mark.parametrize("pure", [False, True], ids=["libyaml", "pure"])
@pytest.mark.parametrize(("text", "error"), BAD, ids=range(len(BAD)))
def test_refused(text: bytes, error: str, pure: bool) -> None:
    with pytest.raises(TextError, match=error if not pure else r"^[^\n]+$"):
        parse_document(text, pure=pure)


def test_a_scalar_may_be_reached_by_an_alias_and_nesting_has_room() -> None:
    assert parse_document(b"a: &a x\nb: *a\n") == {"a": "x", "b": "x"}
    assert parse_document(b"[" * (DEPTH - 1) + b"]" * (DEPTH - 1)) is not None


def test_text_that_is_none() -> None:
    with pytest.raises(TextError, match=r"^holds a NUL byte \(line 2\), so it is not text or was damaged$"):
        check_text(b"a: 1\nb: \0\n")
    with pytest.raises(TextError, match=r"^is not UTF-8 \(line 3\), so it is not text or was damaged$"):
        check_text("ä: 1\n\n".encode() + b"b: \xff\n")
