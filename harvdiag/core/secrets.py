"""Credentials in text: which keys hold them, and a mask for their values in logs, messages, JSON, YAML and commands.

The one place that knows: quotes of logs, the timeline, what is kept of objects, and redaction use it.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

__all__ = ["MASK", "is_secret_key", "mask_secrets", "may_hold_secrets"]

MASK = "***"
Words = tuple[str, ...]

_HINTS = (
    *("pass", "secret", "token", "credential", "cookie", "signature"),
    *("key", "data", "pwd", "pw", "psk", "auth"),
)
"""One of these is in every key that holds a credential: quicker to tell than the expression."""
_ANYWHERE = ("passw", "passphrase", "secret", "token", "credential", "cookie", "x-amz-signature")
"""A key holds a credential with such a word anywhere in it: AWS_SECRET_ACCESS_KEY, identity_token, passwordHash."""
_KEYS = (
    *("private", "access", "client", "api", "encrypt", "encryption", "sign", "signing", "ssh", "master", "account"),
    *("shared", "auth", "session", "storage", "tls"),
)
_JOINED = {
    end: tuple(f"{word}{mark}{end}" for word in words for mark in ("", "-", "_", "."))
    for end, words in {"key": _KEYS, "data": ("user", "network")}.items()
}
"""Or with two words together: privateKey, api_key, user-data."""
_SHORT = ("pass", "pwd", "pw", "psk", "auth")
"""Or with one of these, only as a word of its own: DB_PASS, userPass, basic-auth; neither bypass nor author."""
_ABOUT = (
    *("name", "names", "namespace", "ref", "refs", "reference", "type", "types", "kind", "version", "policy", "status"),
    *("ttl", "expiry", "expires", "expiration", "expiresat", "created", "ready", "enabled", "required"),
    *("tokensecret", "credentialsecret", "pullsecret"),  # names of Secrets
    *("count", "size", "length", "seconds", "duration", "file", "path", "dir", "url", "uri", "endpoint"),
)
"""With such an end it tells about a credential and does not hold it: dataSecretName, token-ttl, --client-key-file."""
_PROSE = ("secrets", "tokens", "credentials", "v1.secret")
"""Said of kinds in sentences: ``failed to list secrets: …``."""
_LONGEST_KEY = 256

_QUOTE = r"\\{0,15}[\"']"
_SEPARATOR = r"[^\S\n]*(?:=>|:=|[:=]|%3[ad])[^\S\n]*"
_MASKED = re.escape(MASK)
# Each word of a text is read once, never from every letter of it: a line of 64 KiB costs milliseconds.
_KEY = r"([\w.-]++)"
_PLAIN_KEY = rf"(?<![\w.-]){_KEY}"
_VALUE_KEY = rf"(?:{_QUOTE})?value(?:{_QUOTE})?"
_KEYED: tuple[tuple[Words, str], ...] = (
    # key: value, key=value, "key": "value", also within an escaped text (\"key\":\"value\")
    (_HINTS, rf"{_PLAIN_KEY}(?:{_QUOTE})?{_SEPARATOR}"),
    # name: KEY, value: value, as environments have it
    (
        ("value",),
        rf"\b(?:name|key)(?:{_QUOTE})?{_SEPARATOR}(?:{_QUOTE})?{_KEY}(?:{_QUOTE})?[\s,]*{_VALUE_KEY}{_SEPARATOR}",
    ),
    # --key value, and "--key", "value" of a list of arguments
    (("--",), rf"(?<![\w.-])(?=--){_KEY}(?:[^\S\n]+(?!-)|{_QUOTE}[\s,]*(?={_QUOTE}(?!-)))"),
    # <key>value</key>
    (("</",), rf"<{_KEY}>(?=[^<\s])"),
)
"""Where a key and its value are: words of which one is in every such text, and the expression up to the value."""
_VALUE = (
    # in quotes, which may be escaped themselves, or the rest of the line
    rf"(?P<open>{_QUOTE})(?:(?:(?!(?<!\\)(?P=open))[\s\S])*+(?P<close>(?P=open))|[^\n]*)"
    # not what is masked, none, or a map; a comma or bracket ends it where blanks or the next key follow
    rf"|(?!{_MASKED}|(?:true|false|null|nil|none|<nil>|<none>)(?![^\s\"',;&)}}\]])|[{{\[]+(?:[\s\\\"']|[\w.-]+:\s))"
    r"(?:[^\s\"'\\,;&)}\]<]|[,;&](?=[^\s\"'\\,;&)}\]])(?![\w.-]*+[=:])|[)}\]](?=\w)(?![\w.-]*+[=:])"
    r"|\\(?![\\nrtu\"'])|<(?!/))+"
)
_SCHEME = r"(?:(?:bearer|basic|token|digest|apikey|aws4-hmac-sha256)[^\S\n]++)?+"
_FORMS: tuple[tuple[Words, str, str], ...] = (
    (("-----begin",), r"-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?(?:-----END \1-----|\Z)", MASK),
    (("ls0tls1crudjti",), r"LS0tLS1CRUdJTi[\w+/=-]*", MASK),  # the same in base64
    (
        ("authorization",),
        rf"((?:proxy-)?authorization(?:{_QUOTE})?{_SEPARATOR}\[?(?:{_QUOTE})?{_SCHEME})(?!{_MASKED}|[\s\\\"'])[^\s\\\"']+",
        rf"\1{MASK}",
    ),
    (("bearer", "basic"), r"\b((?:bearer|basic)\s+)[\w.~+/=:-]{8,}", rf"\1{MASK}"),
    (("k10",), r"\bK10[0-9a-f]{16,}(?:::?[^\s\"'\\,;]*)?", MASK),  # a join token of RKE2
    (("eyj",), r"\beyJ[\w-]{8,}(?:\.[\w-]*)*", MASK),  # a JSON web token
    # a token of Rancher: token-abcde:…, kubeconfig-u-abcde:…
    (("token-", "user-", "u-"), r"(?<![\w-])([\w-]++:)[a-z0-9]{54}(?![a-z0-9])", rf"\1{MASK}"),
    (("/v3/import/",), rf"(/v3/import/)(?!{_MASKED})[\w.-]+", rf"\1{MASK}.yaml"),
    (("@",), r"(://(?!\[)[^/\s:@\"']*:)(?!\d{1,5}(?![^/?#\s\"']))[^\s\"']{1,256}@", rf"\1{MASK}@"),
    (("@",), r"(://)[^/\s:@\"'*]{20,256}@", rf"\1{MASK}@"),
    (("aaaa",), r"\b((?:ssh|ecdsa|sk)-[\w@.-]+\s+)AAAA[\w+/=]+", rf"\1{MASK}"),
    (("$",), r"\$(?:2[abxy]?|[156y]|argon2\w*)\$[\w./$=,+-]{16,}", MASK),  # a hash of a password
    (("akia", "asia"), r"\b(?-i:AKIA|ASIA)[A-Z0-9]{16}\b", MASK),
    (
        ("gho_", "ghp_", "ghr_", "ghs_", "ghu_", "github_pat_", "glpat-"),
        r"\b(?-i:gh[oprsu]_|github_pat_|glpat-)\w{20,}",
        MASK,
    ),
)
"""What shows by its form: words of which one is in every such text, the expression, and the result."""
_STEPS: tuple[tuple[Words, str, str], ...] = (*_FORMS, *((words, pattern, "") for words, pattern in _KEYED))
"""All of it in the order in which it is done; without a result it is what follows a key."""
_USES = {
    word: tuple(number for number, (words, *_) in enumerate(_STEPS) if word in words)
    for word in dict.fromkeys(word for words, *_ in _STEPS for word in words)
}
"""The steps that a word in a text calls for."""
_EVERY_WORD = tuple(dict.fromkeys(word for words, *_ in (*_KEYED[:1], *_FORMS) for word in words))
_MARKS = (":", "=", "<", "$", "%", " ", "--")
"""One of these is in every text with a credential that is shorter than a token of RKE2 is at least."""
_SHORTEST_FORM = len("K10") + 16
_DULL = "0123456789abcdef-:TZ"
"""A text of these alone, as times and uids are, which are half of all texts, is none of the forms."""


def mask_secrets(text: str) -> str:
    """Return the text with what is secret in it masked: values of keys such as token, and what shows by its form.

    Masking a masked text changes nothing.
    """
    plain = text.casefold()
    there = [word for word in _USES if word in plain]
    for number in sorted({number for word in there for number in _USES[word]}) if there else ():
        _, pattern, instead = _STEPS[number]
        text = _compiled(pattern).sub(instead, text) if instead else _mask_values(_compiled(pattern), text)
    return text


def _mask_values(keys: re.Pattern[str], text: str) -> str:
    """Mask what follows each key that holds a credential."""
    parts, done = [], 0
    for found in keys.finditer(text):
        if found.start() < done or not is_secret_key(found[1]) or _is_prose(found):
            continue
        if held := _compiled(_VALUE).match(text, found.end()):
            parts += [text[done : found.end()], held["open"] or "", MASK, held["close"] or ""]
            done = held.end()
    return "".join((*parts, text[done:]))


def _is_prose(found: re.Match[str]) -> bool:
    """Whether it is a sentence about a kind rather than a key."""
    return found[1].lower().endswith(_PROSE) and found[0].endswith(": ") and found[0][:-2].endswith(found[1])


def may_hold_secrets(text: str) -> bool:
    """Whether `mask_secrets` need be asked at all: quick, and seldom true."""
    if (len(text) < _SHORTEST_FORM and not _has_any(text, _MARKS)) or not text.strip(_DULL):
        return False
    return _has_any(text.casefold(), _EVERY_WORD)


def _has_any(text: str, words: Words) -> bool:
    """Whether a word is in the text. This runs for each text of each object: `any` takes twice the time."""
    for word in words:  # noqa: SIM110
        if word in text:
            return True
    return False


def is_secret_key(key: str) -> bool:
    """Whether the value of a key, of an environment or of a field is a credential: SMTP_PASS, secretAccessKey."""
    return _holds_secret(key if len(key) <= _LONGEST_KEY else key[-_LONGEST_KEY:])


@lru_cache(maxsize=8192)
def _holds_secret(key: str) -> bool:
    plain = key.casefold()
    if not _has_any(plain, _HINTS) or plain.endswith(_ABOUT):
        return False
    if _has_any(plain, _ANYWHERE) or any(end in plain and _has_any(plain, words) for end, words in _JOINED.items()):
        return True
    return any(word in plain and _compiled(_as_word(word)).search(key) for word in _SHORT)


def _as_word(word: str) -> str:
    """A word of its own in snake, kebab and camel case; also after the n of an escaped line break."""
    return (
        rf"(?-i:(?:(?<![a-zA-Z])|^[nrt]){word}(?![a-z])|(?<![A-Z]){word.capitalize()}(?![a-z])"
        rf"|(?<![a-zA-Z]){word.upper()}(?![a-zA-Z]))"
    )


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """An expression, made when a text needs it: making all takes longer than many a check has lines to mask."""
    return re.compile(pattern, re.IGNORECASE)
