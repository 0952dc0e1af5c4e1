"""Plain technical English: words that may occur nowhere in the package, neither in names nor in text."""

from __future__ import annotations

import re

import pytest

from tests.parsed import FILES, PACKAGE, text

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
ACCOUNT = ('"nobody"', '"daemon"')
"""An account of Unix, which is called so; what stands for it here."""
SPACE = r"[\s#]+"
PATTERNS = {
    re.compile(f"(?<![A-Za-z])(?:{word.replace(' ', SPACE)})(?![A-Za-z])", re.IGNORECASE): instead
    for word, instead in WORDS.items()
}
ANY = re.compile("|".join(pattern.pattern for pattern in PATTERNS), re.IGNORECASE)
"""What each of the patterns looks for, in one pass: hardly any file has one."""


def complaints(source: str) -> list[str]:
    """Each forbidden word with its line and what to say instead."""
    if not ANY.search(source):
        return []
    return [
        f"line {source.count(chr(10), 0, match.start()) + 1}: {match[0]!r}: {instead}"
        for pattern, instead in PATTERNS.items()
        for match in pattern.finditer(source)
    ]


def test_words_that_may_not_occur() -> None:
    """Comments, docstrings, messages and names."""
    found = {str(file.relative_to(PACKAGE)): complaints(text(file).replace(*ACCOUNT)) for file in FILES}
    assert {file: told for file, told in found.items() if told} == {}


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
