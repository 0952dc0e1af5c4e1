"""Findings for programs: schema 1, stable. Equal findings give equal bytes."""

from __future__ import annotations

from json import dumps
from math import isfinite
from typing import Any

from harvdiag.core.findings import Findings
from harvdiag.core.model import Finding
from harvdiag.core.notes import Note, Notes
from harvdiag.core.policy import show_threshold
from harvdiag.core.timestamps import normalise_time
from harvdiag.rules import known_names, own_rules
from harvdiag.status.notes import list_stale
from harvdiag.status.policy import list_entries
from harvdiag.version import __version__

__all__ = ["SCHEMA", "build_document", "dump_text", "render"]

SCHEMA = 1


def render(findings: Findings) -> str:
    """Return the document as text, indented by two; lone surrogates, which UTF-8 cannot encode, stay escaped."""
    return dump_text(build_document(findings))


def dump_text(document: Any) -> str:
    """Return a document of this or another report as text, in the same form."""
    try:
        text = dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = dumps(_write_numbers(document), indent=2, ensure_ascii=False)
    return f"{text}\n".encode("utf-8", "backslashreplace").decode()


def _write_numbers(value: Any) -> Any:
    """Return a document with numbers that JSON does not have (``inf``, ``nan``) as texts; a damaged field has them."""
    if isinstance(value, dict):
        return {key: _write_numbers(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_write_numbers(inner) for inner in value]
    return str(value) if isinstance(value, float) and not isfinite(value) else value


def build_document(findings: Findings) -> dict[str, Any]:
    """Build the document: `schema`, `tool`, `source`, `coverage`, `findings`, `checks`, `summary`, `notes`."""
    source = findings.source
    return {
        "schema": SCHEMA,
        "tool": {"name": "harvdiag", "version": __version__},
        "source": {
            "kind": source.kind,
            "name": source.name,
            "captured_at": normalise_time(source.captured_at),
            "harvester_version": source.harvester_version,
            "kubernetes_version": source.kubernetes_version,
            **({"redacted": source.redacted} if source.redacted else {}),
            **({"origin": source.origin._asdict()} if source.origin else {}),
            **({"files": [note.as_dict() for note in source.files]} if source.files else {}),
        },
        "coverage": [entry.as_dict() for entry in findings.coverage],
        "findings": [_finding_document(finding, findings.notes) for finding in findings],
        "checks": [{"rule": o.rule, "outcome": o.outcome, "reason": o.reason} for o in findings.outcomes],
        "summary": findings.summary,
        "notes": _notes_document(findings),
        **_policy_document(findings),
    }


def _policy_document(findings: Findings) -> dict[str, Any]:
    """The findings that do not count, and the file of settings that says so, where there is one."""
    ignored = [
        {"finding": _finding_document(finding, findings.notes), "reason": entry.reason, "entry": entry.place}
        for finding, entry in findings.ignored
    ]
    return {"ignored": ignored, **({"config": _config_document(findings)} if findings.policy.file else {})}


def _config_document(findings: Findings) -> dict[str, Any]:
    limits = known_names().limits
    return {
        "file": findings.policy.file,
        "ignore": [
            {
                "entry": entry.place,
                "rule": list(entry.rules),
                "subject": [] if entry.private else [str(subject) for subject in entry.subjects],
                "reason": entry.reason,
                "expires": entry.expires.isoformat() if entry.expires else None,
                "state": state,
                "findings": count,
            }
            for entry, state, count in list_entries(findings)
        ],
        "thresholds": {
            name: {"value": show_threshold(value), "default": show_threshold(limits[name].default)}
            for name, value in findings.policy.thresholds.items()
        },
        "checks": list(own_rules(findings.policy)),
    }


def _notes_document(findings: Findings) -> dict[str, Any]:
    """The notes on the cluster, and on findings that are not found, with why not; those on findings are with them."""
    notes = findings.notes
    return {
        "file": notes.path.name if notes.path and (len(notes) or notes.fault) else "",
        "error": notes.fault,
        "cluster": [_note_document(note) for note in notes.cluster],
        "stale": [
            {
                "fingerprint": group.fingerprint,
                "status": str(notes.status(group.fingerprint)),
                "reason": group.state,
                "notes": [_note_document(note) for note in group.notes],
            }
            for group in list_stale(findings)
        ],
    }


def _note_document(note: Note) -> dict[str, Any]:
    return {
        "text": note.text,
        "status": str(note.status) if note.status else None,
        "author": note.author,
        "time": normalise_time(note.time),
        "done": list(note.done),
        "undone": list(note.undone),
    }


def _finding_document(finding: Finding, notes: Notes) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "family": finding.family,
        "severity": str(finding.severity),
        "subject": finding.subject.as_dict(),
        "message": finding.message,
        "evidence": [{"object": e.object.as_dict(), "path": e.path, "value": e.value} for e in finding.evidence],
        "why": finding.why,
        "next": list(finding.next),
        "caution": finding.caution,
        "links": list(finding.links),
        "caused_by": list(finding.caused_by),
        "fingerprint": finding.fingerprint,
        "short": finding.short,
        "reason": str(finding.reason) if finding.reason else None,
        "missing": list(finding.missing) if finding.missing else None,
        "targets": [ref.as_dict() for ref in finding.targets],
        "holds": finding.holds,
        **({"ignored_causes": list(finding.ignored_causes)} if finding.ignored_causes else {}),
        "status": str(notes.status(finding.fingerprint)),
        "ticked": sorted(notes.ticked(finding)),
        "notes": [_note_document(note) for note in notes.of(finding.fingerprint)],
    }
