"""Redaction of text: names that are known, and what shows by its form, replaced wherever they stand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from urllib.parse import quote, unquote

from harvdiag.core.secrets import MASK, mask_secrets
from harvdiag.redact.encoded import is_encoded, replace_encoded
from harvdiag.redact.forms import CUT, ESCAPE, FORM, FORMED, OPAQUE, RANCHER_TOKEN, SPELLED_IP, TOKEN_LENGTH, UUID
from harvdiag.redact.lines import PERCENT, SERIAL, SYSLOG, replace_people
from harvdiag.redact.names import PART, Entry, Names, Sort
from harvdiag.redact.shapes import Shapes

__all__ = ["TextRedactor"]

WORD = re.compile(rf"{ESCAPE}|[\w.:@/+~-]+")
_ESCAPES = ("\\", "\x1b", "%")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)")
_DULL = re.compile(r"[A-Za-z]{0,3}|\d{1,12}(?:\.\d+)?[A-Za-z]{0,2}|\d[\d:]{1,9}|\d{4}-\d\d-\d\d")
_QUOTED = re.compile(r"(?P<quote>[\"'`])(?P<name>[\w.-]+)(?P=quote)")
_PLAIN = re.compile(r"[\w./-]{0,400}")
_TOKEN = re.compile(r"K10|eyJ|AKIA|ASIA|gh[a-z]_|glpat|github_pat|LS0t")
_SIMPLE = re.compile(r"(?!glpat)[a-z0-9][a-z0-9.-]{0,99}")
"""Words of small letters, in which nothing is encoded, and no credential but a token of Rancher."""
_HASH = re.compile(r"[0-9a-f]+")
_HASHED = re.compile(r".{57}-[0-9a-f]{5}")
UUID_LENGTH = 36
DEEPEST = 6
"""How often a text may be encoded."""
MOST = 400_000
"""Words and texts of which the result is kept."""


class TextRedactor:
    """Redacts texts with the names that are known by then; equal texts give equal results.

    `removed` counts what was taken out of texts, by its sort.
    """

    def __init__(self, names: Names, patterns: Sequence[re.Pattern[str]] = ()) -> None:
        self.names = names
        self.removed: Counter[str] = Counter()
        self._shapes = Shapes(names, self._known, self._plain)
        self._patterns = tuple(patterns)
        self._words: dict[str, str] = {}
        self.done: dict[str, str] = {}
        self._version = -1
        self._depth = 0
        self._phrases: re.Pattern[str] | None = None

    def __call__(self, text: str) -> str:
        """Return a text without what identifies, and without credentials."""
        self.refresh()
        if text not in self.done:
            self.done[text] = self.once(text)
        return self.done[text]

    def once(self, text: str) -> str:
        """Return the same without remembering it: words recur in logs, lines seldom."""
        self.refresh()
        made = self._redact(text)
        while self._version != self.names.version:  # it told a name by itself, which may stand in it before
            self.refresh()
            made = self._redact(text)
        return made

    def refresh(self) -> None:
        """Forget the results of before, if more names are known by now, or they are too many."""
        if self._version == self.names.version and len(self._words) < MOST and len(self.done) < MOST:
            return
        self._version = self.names.version
        self._words.clear()
        self.done.clear()
        long_first = sorted(self.names.phrases, key=len, reverse=True)
        self._phrases = re.compile("|".join(map(re.escape, long_first)), re.IGNORECASE) if long_first else None

    def _redact(self, text: str) -> str:
        if len(text) == UUID_LENGTH and UUID.fullmatch(text):
            return self._shapes.uuid(text)
        if _TIME.fullmatch(text) or (_DULL.fullmatch(text) and not self.names.find(text)):
            return text
        if _SIMPLE.fullmatch(text) and not (self._phrases or self._patterns):
            return self._replace_word(text)
        for pattern in self._patterns:
            text = pattern.sub(lambda m: self._own_word(m[0]) if m[0] else "", text)
        # What encodes a text has letters of both cases.
        mixed = len(text) >= 16 and not (text.islower() or text.isupper())
        if not (mixed and is_encoded(text)) and (not _PLAIN.fullmatch(text) or _TOKEN.search(text)):
            masked = mask_secrets(text)
            self.removed["credential"] += max(masked.count(MASK) - text.count(MASK), 0)
            text = masked
        if mixed and OPAQUE.search(text):
            return replace_between(OPAQUE, text, self._opaque, self._decode)
        return self._decode(text) if mixed else self._replace(text)

    def _decode(self, text: str) -> str:
        return replace_encoded(text, self._inner, self._replace)

    def _opaque(self, match: re.Match[str]) -> str:
        """What looks like a key or certificate: masked, unless it encodes a text."""
        if is_encoded(match[0].strip()):
            return self._decode(match[0])
        self.removed["credential"] += 1
        return MASK

    def _replace(self, text: str) -> str:
        """Replace the names in a text that neither holds credentials nor encodes another."""
        if self._phrases:
            text = self._phrases.sub(lambda m: self.names.phrases[m[0].casefold()].pseudonym, text)
        if "%" in text and PERCENT.search(text):
            return replace_between(PERCENT, text, self._percent, self._replace_bare)
        return self._replace_bare(text)

    def _replace_bare(self, text: str) -> str:
        text = SERIAL.sub(lambda m: f"{m[1]}{self._own_word(m[2])}", text) if "erial" in text else text
        text = replace_people(text, self._shapes.user)
        if self.names.has_ordinary:
            text = SYSLOG.sub(self._journal, text)
        text = WORD.sub(self._word, text)
        return _QUOTED.sub(self._quoted, text) if '"' in text or "'" in text or "`" in text else text

    def _percent(self, match: re.Match[str]) -> str:
        """What is escaped for a URL, in which a name or an address may be apart."""
        lead, word = match["lead"] or "", match["word"]
        plain = unquote(word, errors="surrogateescape")
        made = self._inner(plain)
        if made == plain:
            return match[0]
        kept = "".join(set(re.sub("%..", "", word)))
        return lead + quote(made, safe=f"{kept}*", errors="surrogateescape")

    def _journal(self, match: re.Match[str]) -> str:
        """The host at the beginning of a line, where an ordinary word is a name."""
        entry = self.names.placed(Sort.HOST, match["name"])
        return f"{match['head']}{entry.pseudonym}" if entry else match[0]

    def _inner(self, text: str) -> str:
        """Redact a text that was decoded from within another; masked where it is packed too often."""
        if self._depth >= DEEPEST:
            return MASK
        self._depth += 1
        try:
            return self._redact(text)
        finally:
            self._depth -= 1

    def _own_word(self, text: str) -> str:
        """The pseudonym of what a pattern of the user's matches."""
        self.names.add(text, Sort.WORD)
        return self.names.make(Sort.WORD, text)

    def _quoted(self, match: re.Match[str]) -> str:
        """An ordinary word in quotes is a name."""
        entry = next((e for sort in Sort if (e := self.names.placed(sort, match["name"]))), None)
        same = entry and entry.original == match["name"]
        return f"{match['quote']}{entry.pseudonym}{match['quote']}" if entry and same else match[0]

    # --- words -----------------------------------------------------------------------------------------------------

    def _word(self, match: re.Match[str]) -> str:
        return self._replace_word(match[0])

    def _replace_word(self, word: str) -> str:
        known = self._words.get(word)
        if known is None:
            known = word if word.startswith(_ESCAPES) else self._redact_word(word)
            self._words[word] = known
        return known

    def _redact_word(self, word: str) -> str:
        if _TIME.fullmatch(word) or (_DULL.fullmatch(word) and not self.names.find(word)):
            return word
        return replace_between(CUT, word, self._cut, self._plain) if len(word) >= 58 else self._plain(word)

    def _plain(self, word: str) -> str:
        if len(word) >= TOKEN_LENGTH and RANCHER_TOKEN.search(word):
            self.removed["credential"] += 1
            word = RANCHER_TOKEN.sub(MASK, word)
        if UUID.search(word):
            return replace_between(UUID, word, lambda match: self._shapes.uuid(match[0]), self._formed)
        return self._formed(word)

    def _formed(self, word: str) -> str:
        return replace_between(FORM, word, self._shapes, self._known) if FORMED.search(word) else self._known(word)

    def _known(self, text: str) -> str:
        """Replace the names in a text, of several at one place the longest."""
        made = self._find_known(text)
        if made.count("-") + made.count("_") + made.count(".") < 3:
            return made
        return SPELLED_IP.sub(self._shapes.spelled_ip, made)

    def _find_known(self, text: str) -> str:
        parts = list(PART.finditer(text))
        starts = self.names.parts
        done, out, at = 0, [], 0
        while at < len(parts):
            most = starts.get(parts[at][0].casefold(), 0)
            for last in range(min(at + most, len(parts)) - 1, at - 1, -1):
                entry = self.names.find(text[parts[at].start() : parts[last].end()])
                if entry:
                    out += [text[done : parts[at].start()], entry.pseudonym]
                    done, at = parts[last].end(), last
                    break
            at += 1
        return "".join((*out, text[done:])) if out else text

    # --- names that were cut ---------------------------------------------------------------------------------------

    def _cut(self, match: re.Match[str]) -> str:
        """A name that may have been cut: as long as before, so that a Pod still begins like its Job.

        What stood before the cut is redacted, also a name of which only the beginning is left; the digits after it
        are those of a digest of the whole name, and are replaced.
        """
        name, event = match["name"], match["event"] or ""
        if _HASH.fullmatch(name):
            return self._plain(name) + event
        keep = 57 if name[57:58] == "-" else 58
        head = self._head(name[:keep])
        if head == name[:keep] and self._plain(name) == name and not _HASHED.fullmatch(name):
            return name + event
        head = (head if len(head) >= keep else f"{head}-{self.names.code(name[:keep], 58)}")[:keep]
        rest = name[keep:]
        tail = "-" * rest.startswith("-") + self.names.code(name, 6)
        made = head + tail[: len(rest)]
        self.names.record(Sort.JOB, name, made)
        return made + event

    def _head(self, text: str) -> str:
        """Redact the beginning of a name, at whose end a name may be cut."""
        for at in (place.start() + 1 for place in re.finditer("[-.]", text)):
            entry: Entry | None = self.names.begins(text[at:]) if text[at:] else None
            if entry and self._known(text[:at]) + self._known(text[at:]) == self._known(text):
                return self._plain(text[:at]) + f"{entry.sort}-{self.names.code(text[at:], 12)}"
        return self._plain(text)


def replace_between(
    pattern: re.Pattern[str], text: str, inside: Callable[[re.Match[str]], str], outside: Callable[[str], str]
) -> str:
    """Replace what a pattern matches by `inside`, and all that is between by `outside`."""
    out, done = [], 0
    for match in pattern.finditer(text):
        if match.end() > match.start():
            out += [outside(text[done : match.start()]), inside(match)]
            done = match.end()
    return "".join((*out, outside(text[done:])))
