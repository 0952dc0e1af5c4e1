"""Plain technical English: words that may occur nowhere in the package, neither in names nor in text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import harvdiag

PACKAGE = Path(harvdiag.__file__).parent
CLEAN = (
    "access",
    "cli",
    "io",
    "kinds",
    "snapshot.py",
    "sources",
    "training",
)
"""The rooms and loose modules that are clean, and must stay so."""
WORDS = {
    "mend(s|ed|ing)?": "fix, repair",
    "anew": "again, re-",
    "somebody|someone else": "a person, an administrator, another program",
    "nobody(?<!=nobody)": "no one, unknown",
    "anybody": "anyone",
    "stands? twice|stands \\S+ times": "duplicate",
    "see that it is so": "verify",
    r"(?<!there\W)is no(?! longer\b| more\b)": "is not a, invalid",
    "(waits? )?in vain": "is stuck, timed out",
    "jokes?": "(leave it out)",
    "cut short": "truncated",
    "good to know": "info",
    "patiently": "with retries",
    "side by side": "concurrently",
    "the login has run out": "credentials have expired",
    "packed with": "compressed with",
    "files of kubectl": "kubectl output",
    "drawn with letters": "printed as text",
    "such place": "invalid path",
    "the way there": "the network path",
}
"""Each word as a regular expression, and what to say instead. In names, ``_`` separates words."""
SPACE = r"[\s#]+"
PATTERNS = {
    re.compile(f"(?<![A-Za-z])(?:{word.replace(' ', SPACE)})(?![A-Za-z])", re.IGNORECASE): instead
    for word, instead in WORDS.items()
}


def modules(room: str) -> list[Path]:
    """The modules of a room, or the loose module itself."""
    place = PACKAGE / room
    return [place] if place.is_file() else sorted(place.rglob("*.py"))


def complaints(text: str) -> list[str]:
    """Each forbidden word with its line and what to say instead."""
    return [
        f"line {text.count(chr(10), 0, match.start()) + 1}: {match[0]!r}: {instead}"
        for pattern, instead in PATTERNS.items()
        for match in pattern.finditer(text)
    ]


@pytest.mark.parametrize("room", CLEAN)
def test_words_that_may_not_occur(room: str) -> None:
    """Comments, docstrings, messages and names."""
    found = [f"{file.relative_to(PACKAGE)}: {line}" for file in modules(room) for line in complaints(file.read_text())]
    assert modules(room)
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "def mend(value):",
        "_mend_each",
        "# Install it\n# anew",
        "x is no list",
        "it waits in vain",
        "the key 'a' stands twice",
    ],
)
def test_a_forbidden_word_is_noticed(text: str) -> None:
    """In a name, across lines, as part of a sentence."""
    assert complaints(text)


@pytest.mark.parametrize(
    "text", ["recommended", "amendment", "--as=nobody", "the token is no longer valid", "there is no Node", "renewal"]
)
def test_other_words_are_left_alone(text: str) -> None:
    """Longer words, and the user that Kubernetes calls so."""
    assert complaints(text) == []
