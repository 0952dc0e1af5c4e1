"""Redaction: pseudonyms instead of names and addresses, under a key, and a last look at what is written."""

from harvdiag.redact.bundle import check_bundle_file, save_bundle
from harvdiag.redact.key import Key, load_key
from harvdiag.redact.ledger import Ledger
from harvdiag.redact.match import match_snapshots
from harvdiag.redact.reader import RedactedReader, redact_snapshot
from harvdiag.redact.redactor import Redactor
from harvdiag.redact.saving import TRIES, describe_counts, describe_removed, save_redacted
from harvdiag.redact.scan import LeakError

__all__ = [
    "TRIES",
    "Key",
    "LeakError",
    "Ledger",
    "RedactedReader",
    "Redactor",
    "check_bundle_file",
    "describe_counts",
    "describe_removed",
    "load_key",
    "match_snapshots",
    "redact_snapshot",
    "save_bundle",
    "save_redacted",
]
