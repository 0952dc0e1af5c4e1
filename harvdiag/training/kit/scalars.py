"""Scalars as gopkg.in/yaml.v2 v2.2.8 writes them, the version that rancher/support-bundle-kit pins.

Compared with the Go code on random objects: the same bytes, but for raw U+2028 and U+2029, and strings that begin with
a byte order mark.
"""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import re

__all__ = ["BREAKS", "scalar"]

BREAKS = "\r\n\x85\u2028\u2029"
"""What YAML 1.1 takes for the end of a line."""
_WIDTH = 80
_SIMPLE = re.compile(r"[A-EG-MP-SU-XZa-eg-mp-su-xz_/][A-Za-z0-9_./@=+$()<>;^-]*\Z")
_BASES = ("y", "yes", "true", "on", "n", "no", "false", "off", "null")
_WORDS = frozenset(
    [form for base in _BASES for form in (base, base.capitalize(), base.upper())]
    + ["", "~", ".nan", ".NaN", ".NAN"]
    + [sign + word for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")]
)
_BASE60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*|0[0-7]+|0[oO][0-7]+|0[xX][0-9a-fA-F]+|0[bB][01]+)\Z")
_TIME = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"
    r"| (\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.\d+)?)?\Z"
)
_ESCAPES = {
    0x00: "0",
    0x07: "a",
    0x08: "b",
    0x09: "t",
    0x0A: "n",
    0x0B: "v",
    0x0C: "f",
    0x0D: "r",
    0x1B: "e",
    0x22: '"',
    0x5C: "\\",
    0x85: "N",
    0xA0: "_",
    0x2028: "L",
    0x2029: "P",
}


def scalar(value: object, column: int, indent: int, is_key: bool = False) -> str:
    """Text of a scalar that starts at `column`; its further lines begin at `indent`."""
    if isinstance(value, str):
        return _text(value, column, indent, is_key)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _go_float(float(str(value)))


def _text(value: str, column: int, indent: int, is_key: bool) -> str:
    style = _style(value, is_key)
    if style == "literal":
        return _literal(value, indent)
    if style == "double":
        return _double(value, column, indent, not is_key)
    quote = "'" if style == "single" else ""
    inner = value.replace("'", "''") if quote else value
    if is_key or column + len(inner) <= _WIDTH:
        return f"{quote}{inner}{quote}"
    return quote + _fold(inner, column + len(quote), indent) + quote


@functools.lru_cache(maxsize=1 << 16)
def _style(value: str, is_key: bool) -> str:
    """Which of plain, single, double (quotes) or literal a text is written in."""
    if _SIMPLE.match(value) and value not in _WORDS:
        return "plain"
    plain, single, block = _look(value)
    if "\n" in value and block and not is_key:
        return "literal"
    if "\n" in value or _must_quote(value) or (is_key and any(sign in BREAKS for sign in value)):
        return "double"
    if plain:
        return "plain"
    return "single" if single else "double"


def _look(value: str) -> tuple[bool, bool, bool]:
    """Whether a text may be plain, in single quotes, a block: what libyaml's analyze_scalar finds out about it."""
    special = not all(_printable(sign) for sign in value)
    breaks = any(sign in BREAKS for sign in value)
    pairs = list(itertools.pairwise(value))
    broken_space = any(first in BREAKS and then == " " for first, then in pairs)
    spaced_break = any(first == " " and then in BREAKS for first, then in pairs)
    edges = (value[0], value[-1]) if value else ("x", "x")
    bare = not any(edge == " " or edge in BREAKS for edge in edges)
    plain = bare and not (broken_space or spaced_break or special or breaks or _indicated(value))
    return (
        plain,
        not (broken_space or spaced_break or special),
        not (value[-1:] == " " or spaced_break or special),
    )


def _indicated(value: str) -> bool:
    """Whether a sign of the text could be read as one of YAML's own."""
    if value[:3] in ("---", "...") or value[:1] in tuple("#,[]{}&*!|>'\"%@`"):
        return True
    for at, sign in enumerate(value):
        then = value[at + 1] if at + 1 < len(value) else " "
        if then in " \t" and (sign == ":" or (at == 0 and sign in "?-")):
            return True
        if at and sign == "#" and (value[at - 1] in " \t\0" or value[at - 1] in BREAKS):
            return True
    return False


def _is_time(value: str) -> bool:
    match = _TIME.match(value)
    if not match:
        return False
    parts = [int(part) if part else 0 for part in match.groups()]
    hour, minute, second = parts[3:6] if match[4] else parts[6:9]
    try:
        dt.date(parts[0], parts[1], parts[2])
        dt.time(hour, minute, second)
    except ValueError:
        return False
    return True


def _must_quote(value: str) -> bool:
    """Whether yaml.v2 would read the bare text as anything but a string."""
    first = value[:1]
    if first not in tuple("yYnNtTfFoO~+-.0123456789"):
        return value == ""
    if value in _WORDS:
        return True
    if first in "yYnNtTfFoO~":
        return False
    bare = value if first == "." else value.replace("_", "")
    if _FLOAT.match(bare):
        # A number too large for a float64 is left bare: 405862e486, as in a revision hash; integers are quoted only
        # if they fit 64 bits.
        return abs(float(bare)) != float("inf")
    return bool(first != "." and (_is_time(value) or _INT.match(bare) or _BASE60.match(value)))


def _printable(sign: str) -> bool:
    code = ord(sign)
    plain = code == 0x0A or 0x20 <= code <= 0x7E
    return plain or (0xA0 <= code <= 0xFFFD and code != 0xFEFF and not 0xD800 <= code <= 0xDFFF)


def _fold(value: str, column: int, indent: int) -> str:
    """The text, broken at single spaces once a line is past the width (plain and in single quotes)."""
    pad = "\n" + " " * indent
    out: list[str] = []
    for count, word in enumerate(value.split(" ")):
        if count:
            # The space before this word; runs of spaces are never broken.
            if column > _WIDTH and word and out[-1]:
                out.append(pad)
                column = indent
            else:
                out.append(" ")
                column += 1
        out.append(word)
        column += len(word)
    return "".join(out)


def _double(value: str, column: int, indent: int, fold: bool) -> str:
    """The text in double quotes, folded at spaces past the width if `fold`."""
    out, pad = ['"'], "\n" + " " * indent
    column += 1
    spaces = False
    last = len(value) - 1
    for at, sign in enumerate(value):
        piece = sign if sign == " " else _escaped(sign)
        if sign == " " and fold and not spaces and column > _WIDTH and 0 < at < last:
            out.append(pad)
            column, piece = indent, "\\" if value[at + 1] == " " else ""
        out.append(piece)
        column += len(piece)
        spaces = sign == " "
    return "".join(out) + '"'


def _escaped(sign: str) -> str:
    """A sign as it stands in double quotes."""
    if _printable(sign) and sign not in BREAKS and sign not in '"\\':
        return sign
    code = ord(sign)
    known = _ESCAPES.get(code)
    if known is None:
        known = f"x{code:02X}" if code <= 0xFF else f"u{code:04X}" if code <= 0xFFFF else f"U{code:08X}"
    return "\\" + known


def _literal(value: str, indent: int) -> str:
    """A | block; it ends in a line break if the text does."""
    head = "|"
    if value[0] == " " or value[0] in BREAKS:
        head += "2"
    if value[-1] not in BREAKS:
        head += "-"
    elif len(value) == 1 or value[-2] in BREAKS:
        head += "+"
    pad = " " * indent
    return head + "\n" + "\n".join(pad + line if line else "" for line in value.split("\n"))


@functools.lru_cache(maxsize=4096)
def _go_float(value: float) -> str:
    """A number as strconv.FormatFloat(value, 'g', -1, 64) gives it."""
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, power = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    exponent = len(whole) - 1 + int(power or 0)
    if whole == "0":
        exponent = -(len(fraction) - len(fraction.lstrip("0")) + 1) + int(power or 0)
    digits = (whole + fraction).strip("0")
    if not -4 <= exponent < 6:
        tail = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
        return f"{sign}{tail}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    if len(digits) <= exponent + 1:
        return sign + digits.ljust(exponent + 1, "0")
    return f"{sign}{digits[: exponent + 1]}.{digits[exponent + 1 :]}"
