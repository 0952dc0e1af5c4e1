"""Checks and log patterns of one's own: what they find, what they skip, and how they word it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import pytest

from harvdiag.cluster import Cluster
from harvdiag.config.build import build_policy
from harvdiag.core.errors import SourceError
from harvdiag.core.model import Outcome, State
from harvdiag.core.query import parse_query
from harvdiag.reports import FORMATS, render
from harvdiag.rules import known_names, own_rules, run_rules
from harvdiag.snapshot import Manifest, Snapshot
from harvdiag.upgrade.logs import search
from tests.port import CAPTURED_AT, Port

TODAY = date(2026, 12, 1)
NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {
        "name": "hv01",
        "labels": {"zone": "a"},
        "annotations": {"a.b/c": "true", "pods": "12"},
        "creationTimestamp": "2025-05-08T07:00:00Z",
    },
    "spec": {"unschedulable": True, "taints": [{"key": "x", "effect": "NoSchedule"}, {"key": "y"}]},
    "status": {"capacity": {"memory": "64Gi", "cpu": "500m"}, "conditions": [{"type": "Ready", "status": "False"}]},
}


class Logs(Port):
    """A source with logs, as a bundle."""

    def __init__(self, objects: Iterable[Any], logs: dict[str, str]) -> None:
        super().__init__(objects)
        self.manifest = Manifest(kind="bundle", name="port", captured_at=CAPTURED_AT)
        self._logs = logs

    def logs(self, folder: str) -> Sequence[str]:
        """Return the names that begin so."""
        return [name for name in self._logs if name.startswith(folder)]

    def tail(self, name: str, most: int) -> bytes:
        """Return the end of one; of one without text, that it cannot be read."""
        if not self._logs[name]:
            raise SourceError("damaged")
        return self._logs[name].encode()[-most:]


def judge(reader: Port, **table: Any) -> Outcome:
    """What becomes of one check, or one log pattern, of one's own."""
    (key,) = {"kind", "pattern"} & {*table}
    section = "check" if key == "kind" else "log"
    policy, wrong = build_policy({section: [{"name": "own", **table}]}, known_names(), TODAY)
    assert not wrong, wrong
    (outcome,) = run_rules(Cluster(Snapshot(reader), policy=policy).facts, own_rules(policy).values())
    return outcome


@pytest.mark.parametrize(
    ("path", "condition", "value"),
    [
        ("spec.unschedulable", {"equals": True}, True),
        ('metadata.annotations["a.b/c"]', {"equals": True}, "true"),
        ("metadata.annotations.pods", {"equals": 12}, "12"),
        ("metadata.annotations.pods", {"equals": "13"}, ...),
        ("metadata.labels.zone", {"not-equals": "b"}, "a"),
        ("metadata.labels.rack", {"not-equals": "b"}, None),
        ("metadata.labels.rack", {"equals": "b"}, ...),
        ("metadata.labels.zone", {"in": ["b", "a"]}, "a"),
        ("metadata.labels.zone", {"not-in": ["b", "a"]}, ...),
        ("metadata.labels.zone", {"matches": "^[ab]$"}, "a"),
        ("metadata.labels.zone", {"not-matches": "^[ab]$"}, ...),
        ("metadata.labels.rack", {"missing": True}, None),
        ("metadata.labels.zone", {"missing": True}, ...),
        ("metadata.labels.zone", {"present": True}, "a"),
        ("spec.taints[*].effect", {"missing": True}, None),
        ("spec.taints[key=x].effect", {"equals": "NoSchedule"}, "NoSchedule"),
        ("spec.taints[1].key", {"equals": "y"}, "y"),
        ("spec.nothing[*].key", {"missing": True}, ...),
        ("status.conditions[type=Ready].status", {"not-equals": "True"}, "False"),
        ("status.conditions[type=Ready].status", {"not-equals": True}, "False"),
        ("status.conditions[type=Ready].status", {"equals": False}, "False"),
        ("status.conditions[type=Ready].status", {"not-equals": False}, ...),
        ("status.conditions[type=Other].status", {"missing": True}, None),
        ("status.capacity.memory", {"less-than": "65Gi", "greater-than": 1000}, "64Gi"),
        ("status.capacity.cpu", {"less-than": 1}, "500m"),
        ("status.capacity.cpu", {"greater-than": 0.5}, ...),
        ("metadata.creationTimestamp", {"older-than": "2h"}, "2025-05-08T07:00:00Z"),
        ("metadata.creationTimestamp", {"newer-than": "2h"}, ...),
    ],
)
def test_conditions(path: str, condition: dict[str, Any], value: object) -> None:
    """Each holds for what it says; `...` stands for no finding."""
    outcome = judge(Port([NODE]), kind="Node", path=path, message="m", **condition)
    assert [e.value for finding in outcome.findings for e in finding.evidence] == ([] if value is ... else [value])


def test_a_value_that_cannot_be_compared_is_a_note() -> None:
    """Not silence, and no finding of the severity that was asked for."""
    (finding,) = judge(
        Port([NODE]), kind="Node", path="metadata.labels.zone", message="m", severity="error", **{"less-than": 3}
    ).findings
    assert (str(finding.severity), finding.message) == (
        "info",
        "Node hv01 cannot be judged: metadata.labels.zone is a, not a number",
    )


def test_a_value_that_is_too_long_is_a_note_too() -> None:
    """What stands at its end is not looked at, so that nothing is said of it."""
    node = {**NODE, "metadata": {"name": "hv01", "labels": {"zone": "a" * 5000 + "end"}}}
    told = {"kind": "Node", "path": "metadata.labels.zone", "message": "m"}
    for condition in ("matches", "not-matches"):
        (finding,) = judge(Port([node]), **told, **{condition: "end$"}).findings
        assert finding.message.endswith("not a text of 4,000 characters at most")
    assert judge(Port([node]), **told, matches="^a").findings[0].message == "m"


def test_words_are_filled_in_and_quoted_in_commands() -> None:
    """In message and steps; a name with a blank is one word for a shell; braces of one's own stay."""
    node = {**NODE, "metadata": {**NODE["metadata"], "name": "hv 01; rm"}}  # type: ignore[dict-item]
    (finding,) = judge(
        Port([node]),
        kind="nodes",
        path="metadata.labels.zone",
        equals="a",
        message="{{{kind}}} {name} is in {value} ({path})",
        next=["Look at {name}: `kubectl get node {name} -o jsonpath='{{.spec}}'`"],
    ).findings
    assert finding.message == "{Node} hv 01; rm is in a (metadata.labels.zone)"
    assert finding.next == ("Look at hv 01; rm: `kubectl get node 'hv 01; rm' -o jsonpath='{.spec}'`",)
    assert (finding.family, finding.fingerprint) == ("local", "own:Node::hv 01; rm")


def test_several_fields_may_have_to_fulfil_conditions() -> None:
    """All of them, of the same object; each is evidence."""
    ready = {"path": "status.conditions[type=Ready].status", "not-equals": "True"}
    old, young = ({"path": "metadata.creationTimestamp", "older-than": age} for age in ("2h", "4h"))
    (finding,) = judge(Port([NODE]), kind="Node", message="{value}", also=old, **ready).findings
    assert (finding.message, [e.path for e in finding.evidence]) == (
        "False",
        ["status.conditions[type=Ready].status", "metadata.creationTimestamp"],
    )
    assert judge(Port([NODE]), kind="Node", message="m", also=[old, young], **ready).outcome == "passed"


def test_where_chooses_objects() -> None:
    """By name, namespace and label."""
    same = {"kind": "Node", "path": "metadata.uid", "missing": True, "message": "m"}
    for where, found in (
        ({"name": "hv*"}, 1),
        ({"name": ["a", "b"]}, 0),
        ({"labels": "zone=a"}, 1),
        ({"labels": "!zone"}, 0),
    ):
        assert len(judge(Port([NODE]), where=where, **same).findings) == found


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"kind": "Node"}, "Node forbidden: for a reason"),
        ({"kind": "Pod", "where": {"namespace": "default"}}, "Pod forbidden: for a reason"),
        ({"kind": "Pod"}, "Pod forbidden: for a reason"),
        ({"kind": "Nonsense"}, "no kind 'Nonsense' in port; did you mean nodes?"),
        ({"kind": "cronjobs"}, "no kind 'cronjobs.batch' in port: it has no list of it"),
    ],
)
def test_what_was_not_seen_skips_the_check(table: dict[str, Any], reason: str) -> None:
    """Never passed; also large kinds, and kinds that the source does not know."""
    reader = Port([], {"Node": State.FORBIDDEN, "Pod": State.FORBIDDEN})
    outcome = judge(reader, path="metadata.uid", missing=True, message="m", **table)
    assert (outcome.outcome, outcome.reason) == ("skipped", reason)


def test_a_pattern_finds_lines_of_nodes_and_pods() -> None:
    """One finding each, with the number of lines, the last ones masked, and where they are."""
    logs = {
        "nodes/hv01.zip/logs/rke2-server.log": "a\nx509: bad token=abcdefghijkl\n" * 5,
        "logs/default/web-1/app.log": "X509: again\n",
        "logs/default/web-2/app.log": "fine\n",
    }
    found = judge(Logs([NODE], logs), pattern="x509:", meaning="a certificate is refused").findings
    assert [str(finding.subject) for finding in found] == ["Node hv01", "Pod default/web-1"]
    assert found[0].message == "Node hv01 says in its logs: a certificate is refused (5 lines)"
    assert [e.path for e in found[0].evidence] == [
        f"nodes/hv01.zip/logs/rke2-server.log, line {number}" for number in (6, 8, 10)
    ]
    assert "abcdefghijkl" not in str(found)
    only = judge(Logs([NODE], logs), pattern="x509:", meaning="m", where={"namespace": "default", "container": "app"})
    assert [finding.subject.name for finding in only.findings] == ["web-1"]


def test_older_lines_of_a_log_do_not_count_where_a_pattern_says_so() -> None:
    """By their own time, else that of the line before; a line whose time is unknown counts."""
    day = "2025-05-{}T10:00:00Z failed\n  at failed.go\n"
    logs = {"logs/a/old/c.log": day.format("04"), "logs/a/new/c.log": day.format("07"), "logs/a/none/c.log": "failed\n"}
    found = judge(Logs([NODE], logs), pattern="failed", meaning="m", **{"newer-than": "2d"}).findings
    assert [(finding.subject.name, finding.message[-9:]) for finding in found] == [
        ("new", "(2 lines)"),
        ("none", " (1 line)"),
    ]


@pytest.mark.parametrize(
    ("logs", "table", "reason"),
    [
        ({}, {}, "port has no logs; a support bundle has them"),
        ({"logs/a/b/c.log": "x"}, {"where": {"name": "z"}}, "port has no log that the pattern is about (where)"),
        ({"logs/a/b/c.log": "", "logs/a/d/c.log": "x"}, {}, "of 2 logs, 1 could not be read: logs/a/b/c.log: damaged"),
        ({"logs/a/b/c.log": "12345\n", "logs/a/d/c.log": "x"}, {}, "only 1 of 2 logs were searched, as they are large"),
    ],
)
def test_a_pattern_that_could_not_be_looked_for_is_skipped(
    logs: dict[str, str], table: dict[str, Any], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No logs, none of those that it is about, a damaged one, too many."""
    monkeypatch.setattr(search, "BUDGET", 6)
    outcome = judge(Logs([NODE], logs), pattern="refused", meaning="m", **table)
    assert (outcome.outcome, outcome.reason.partition(":")[0]) == ("skipped", reason.partition(":")[0])


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_words_of_a_file_are_text_in_every_report(form: str) -> None:
    """What stands in the file is no more trusted than what stands in a cluster."""
    evil = "<script>alert(1)</script> | `x` \u202e\x1b[31m"
    table = {
        "ignore": [{"rule": "other", "reason": evil}],
        "check": [
            {"name": name, "kind": "Node", "path": "metadata.uid", "missing": True, "message": evil, "why": evil,
             "next": evil, "caution": evil}
            for name in ("own", "other")
        ],
    }  # fmt: skip
    policy, wrong = build_policy(table, known_names(), TODAY)
    assert not wrong
    text = render(Cluster(Snapshot(Port([NODE])), policy=policy.named("harvdiag.toml")).check("local"), form)
    assert "\x1b" not in text
    assert form in {"json", "sarif"} or "\u202e" not in text
    if form == "markdown":
        assert "<script>" not in text.replace("`", "").replace("\\<", "")


def test_paths_of_fields() -> None:
    """What is no path is refused, not read as another one."""
    assert all(parse_query(text) for text in ("a", "a.b", 'a["b.c/d"].e', "a[0][*].b", 'a[k="x y"].b'))
    assert not any(
        parse_query(text) for text in ("", ".a", "a.", "a..b", "a b", "a[", "a[]", "[0]", 'a["b', "a[x]", "a]")
    )


class Redactor:
    """Replaces one name by another, and knows the way back."""

    def text(self, text: str) -> str:
        """Return the text with the pseudonym."""
        return text.replace("hv01", "host-x")

    def reveal(self, text: str) -> str:
        """Return the text with the original."""
        return text.replace("host-x", "hv01")


def test_settings_are_about_the_names_that_people_know_where_a_source_is_redacted() -> None:
    """Patterns and conditions still fit, in objects and logs; nothing that a report says has the original."""
    table = {
        "ignore": [{"rule": "ignored", "subject": "Node/hv01", "reason": "hv01 is old"}],
        "check": [
            {"name": name, "kind": "Node", "path": "metadata.name", "equals": "hv01", "message": "{name}, not hv01",
             "next": "look at hv01", "where": {"name": "hv0*"}}
            for name in ("own", "ignored")
        ],
        "log": [{"name": "line", "pattern": "of hv01", "meaning": "hv01 fails", "where": {"name": "hv01"}}],
    }  # fmt: skip
    policy, wrong = build_policy(table, known_names(), TODAY)
    assert not wrong
    node = {**NODE, "metadata": {"name": "host-x"}}
    snapshot = Snapshot(Logs([node], {"nodes/host-x.zip/logs/rke2.log": "disk of host-x\n"}))
    snapshot.redactor = Redactor()
    findings = Cluster(snapshot, policy=policy.named("harvdiag.toml")).check("local")
    assert [finding.rule for finding in findings] == ["line", "own"]
    assert [(i.finding.rule, i.entry.reason) for i in findings.ignored] == [("ignored", "host-x is old")]
    assert all("hv01" not in render(findings, form) for form in FORMATS)
