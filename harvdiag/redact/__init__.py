"""Redaction: pseudonyms instead of names and addresses, under a key, and a last look at what is written."""

from harvdiag.redact.key import Key, load_key
from harvdiag.redact.match import match_snapshots
from harvdiag.redact.reader import RedactedReader, redact_snapshot
from harvdiag.redact.redactor import Redactor

__all__ = ["Key", "RedactedReader", "Redactor", "load_key", "match_snapshots", "redact_snapshot"]
