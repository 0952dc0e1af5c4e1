"""YAML as kubectl reads a kubeconfig: the first document of a file, by the rules of Go's YAML library.

These are neither YAML 1.1 nor 1.2: a bare date and `12:30:00` are strings, `0777` is a number, `yes` is true. The
value is then taken as JSON, so that a number where a string belongs is an error.
"""

from __future__ import annotations

import codecs
import re
from functools import cache
from typing import Any, NamedTuple

__all__ = ["FirstDocument", "load_first", "plain_scalar"]

WORDS: dict[str, Any] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
}
BASES = {"0x": 16, "0b": 2, "0o": 8}
INTEGER = re.compile(r"([+-]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
FLOAT = re.compile(r"[+-]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
LARGEST = 2**64
"""Go reads no integer of more than 64 bits; a decimal one of more digits is a float."""
LONGEST = 100
"""Digits of a number; more are beyond 64 bits in any base."""
PLAIN, STRING = "!go-plain", "tag:yaml.org,2002:str"
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
PROBED = 64


class FirstDocument(NamedTuple):
    """The first document of a file, or why it cannot be read; and whether others follow, which kubectl never reads."""

    value: Any
    problem: str = ""
    more: bool = False


def load_first(data: bytes) -> FirstDocument:
    """Read the first document, in UTF-8 or UTF-16. A problem holds nothing of the content, which may be secret."""
    import yaml

    text = _decode_text(data)
    if text is None:
        return FirstDocument(None, "it is not text")
    try:
        loader = _loader_class()(text)
        value = loader.get_data() if loader.check_data() else None
    except yaml.reader.ReaderError:
        return FirstDocument(None, "it is not text")
    except yaml.MarkedYAMLError as error:
        where = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        return FirstDocument(None, f"invalid YAML{where}")
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        return FirstDocument(None, "invalid YAML")
    return FirstDocument(value, more=_has_more(loader))


def _has_more(loader: Any) -> bool:
    """Whether another document follows that is not empty; one that cannot be read is one, too."""
    import yaml

    try:
        return bool(loader.check_data()) and loader.get_data() is not None
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        return True


def _decode_text(data: bytes) -> str | None:
    """The text; None if it is not text. Without a mark, every second byte of UTF-16 shows it."""
    encoding = next((name for mark, name in MARKS.items() if data.startswith(mark)), "")
    head = data[:PROBED]
    if not encoding and head and not any(head[1::2]):
        encoding = "utf-16-le"
    elif not encoding and len(head) > 1 and not any(head[::2]):
        encoding = "utf-16-be"
    try:
        return data.decode(encoding or "utf-8")
    except UnicodeDecodeError:
        return None


def plain_scalar(text: str) -> Any:
    """Return the value of an unquoted scalar."""
    if text in WORDS:
        return WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    plain = text if text[0] == "." else text.replace("_", "")
    if found := INTEGER.fullmatch(plain):
        number = _parse_integer(*found.groups())
        if -LARGEST / 2 <= number < LARGEST:
            return number
    if not FLOAT.fullmatch(plain):
        return text
    value = float(plain)
    return text if value in (float("inf"), float("-inf")) else value


def _parse_integer(sign: str, digits: str) -> int:
    base = BASES.get(digits[:2].lower(), 8 if digits[0] == "0" else 10)
    return int(f"{sign}{digits}", base) if len(digits) < LONGEST else LARGEST


@cache
def _loader_class() -> Any:
    """PyYAML's safe loader with Go's rule for plain scalars; made when it is first needed, as yaml is slow to load."""
    import yaml

    usual: Any = yaml.SafeLoader.resolve

    class GoLoader(yaml.SafeLoader):
        def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
            if kind is not yaml.ScalarNode or not implicit[0] or value == "<<":
                return str(usual(self, kind, value, implicit))
            return PLAIN if not isinstance(plain_scalar(value), str) else STRING

        def construct_plain(self, node: Any) -> Any:
            return plain_scalar(node.value)

    GoLoader.add_constructor(PLAIN, GoLoader.construct_plain)
    return GoLoader
