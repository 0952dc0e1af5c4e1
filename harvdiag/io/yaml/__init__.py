"""YAML and JSON text to plain objects: exact, bounded and fast."""

from harvdiag.io.yaml.cuts import cut_rows, dropping
from harvdiag.io.yaml.lists import (
    TextError,
    engine_version,
    load_documents,
    load_kit_document,
    load_kit_list,
    paused_collector,
)
from harvdiag.io.yaml.mending import mend_texts
from harvdiag.io.yaml.text import ANCHORS, DEPTH, decode_text

__all__ = [
    "ANCHORS",
    "DEPTH",
    "TextError",
    "cut_rows",
    "decode_text",
    "dropping",
    "engine_version",
    "load_documents",
    "load_kit_document",
    "load_kit_list",
    "mend_texts",
    "paused_collector",
]
