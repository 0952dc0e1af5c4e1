"""Findings in which every text that does not come from harvdiag itself is one that nobody should give."""

from __future__ import annotations

from harvdiag.core.findings import Findings, Origin, Source, UpgradeState
from harvdiag.core.model import (
    Coverage,
    CoverageEntry,
    Evidence,
    FileNote,
    FileState,
    Finding,
    ObjectRef,
    Outcome,
    Severity,
    State,
)
from harvdiag.core.notes import Note, Notes, NoteStatus

HOSTILE = {
    "script": "</style></script><script>window.harmed=1</script><img src=https://x.invalid/a onerror=window.harmed=1>",
    "attribute": "\"' onmouseover='window.harmed=1' x=\"",
    "bars": "a|b||c`d``|e",
    "lines": "x\n\n# heading\n\n| a | b |\n| --- | --- |\n- [x] done\r\n</details>\u2028y",
    "right to left": "\u202egnp\u2066 \u05e9\u05dc\u05d5\u05dd <b>",
    "long": "n" * 253,
    "mention": "@someone #123 org/repo#9 GH-7 https://x.invalid www.x.invalid a@x.invalid $x$",
    "template": "{{ 7*7 }} {% raw %} ${x} <%= y %>",
    "half": "x\ud800\x00\x1b[2J",
    "markdown": "**b** _i_ ~~s~~ [l](https://x.invalid) ![i](https://x.invalid/i.png) <https://x.invalid> &lt;b&gt; \\",
}


def findings(text: str) -> Findings:
    """A root cause, five others of its rule, two that follow, gaps and notes: with the text wherever one can be."""
    upgrade = ObjectRef("Upgrade", text, text)
    roots = [_finding("node-without-machine", ObjectRef("Node", "", f"{text}{n}"), text) for n in range(6)]
    follow = _finding("upgrade-blocked-by-orphan-node", upgrade, text, (roots[0].fingerprint,))
    gap = CoverageEntry("Secret", "", "v1", text, State.FORBIDDEN, 0, text)
    outcomes = [
        Outcome("node-without-machine", "failed", "", tuple(roots)),
        Outcome("upgrade-blocked-by-orphan-node", "failed", "", (follow,)),
        Outcome("machine-without-plan", "skipped", text, (), (gap,)),
    ]
    coverage = Coverage((gap, CoverageEntry("Node", "", "v1", "", State.COLLECTED, 6, text)), (text,))
    return Findings(_source(text), coverage, outcomes, UpgradeState(name=text, version=text), _notes(roots[0], text))


def _finding(rule: str, subject: ObjectRef, text: str, causes: tuple[str, ...] = ()) -> Finding:
    return Finding(
        rule=rule,
        family="pairing",
        severity=Severity.ERROR,
        subject=subject,
        message=f"{subject.kind} {subject.name} has no {text}",
        evidence=(
            Evidence(subject, f"metadata.{text}", text),
            Evidence(subject, "", None),
            Evidence(subject, "x", [text]),
        ),
        why="Because.",
        next=(f"Run `kubectl get nodes {text}`.", f"Look at {text}."),
        caution=f"Do not delete {text}.",
        links=("https://docs.harvesterhci.io/v1.4/host", f"javascript:{text}"),
        caused_by=causes,
        targets=(subject,),
    )


def _source(text: str) -> Source:
    return Source(
        kind="files",
        name=text,
        captured_at="2025-05-08T10:00:00Z",
        harvester_version=text,
        kubernetes_version=text,
        nodes=6,
        machines=None,
        origin=Origin("bundle", text),
        arguments=(f"/home/author/{text}",),
        files=(FileNote(text, FileState.UNUSABLE, text, text),),
    )


def _notes(root: Finding, text: str) -> Notes:
    status = NoteStatus.ACKNOWLEDGED
    written = Note(fingerprint=root.fingerprint, text=text, author=text, time=text, status=status, done=root.next[:1])
    return Notes([Note(text=text), written, Note(fingerprint=f"gone:Node::{text}", text=text, author=text)])
