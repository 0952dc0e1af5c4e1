"""Every spelling of an address, and names that only their place shows; what looks alike and is none stays."""

from __future__ import annotations

from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag.kinds import kind_for_resource
from harvdiag.redact import Key, Redactor, redact_snapshot
from harvdiag.redact.identity import sort_of
from harvdiag.redact.names import Sort
from harvdiag.redact.scan import Leak, LeakError

KEY = Key(bytes(range(32)), Path("of-a-test"))
ADDRESS, MAC, V6 = "10.77.31.14", "52:54:00:ab:cd:77", "2001:db8:77:31::77"


def redactor() -> Redactor:
    made = Redactor(KEY)
    for name in ("kraken-07", "web", "hv08.dc3.quux.test"):
        made.names.add(name, Sort.HOST)
    for text in (ADDRESS, MAC, V6):
        made.text(text)
    return made


REDACTOR = redactor()
NEW, NEW_MAC, NEW_V6 = (REDACTOR.text(text) for text in (ADDRESS, MAC, V6))
WEB = REDACTOR.names.take("web", Sort.HOST)
SAME = {
    "dashes": ("ip-10-77-31-14 up", f"ip-{NEW.replace('.', '-')} up"),
    "underscores": ("x_10_77_31_14", f"x_{NEW.replace('.', '_')}"),
    "within a name": (f"etcd-{ADDRESS}-x", f"etcd-{NEW}-x"),
    "a Pod's name in the DNS": (
        "10-77-31-14.default.pod.cluster.local",
        f"{NEW.replace('.', '-')}.default.pod.cluster.local",
    ),
    "reverse": ("14.31.77.10.in-addr.arpa", f"{'.'.join(reversed(NEW.split('.')))}.in-addr.arpa"),
    "a MAC without colons": (MAC.replace(":", ""), NEW_MAC.replace(":", "")),
    "the head of a frame": (f"MAC={MAC}:{MAC}:08:00 ", f"MAC={NEW_MAC}:{NEW_MAC}:08:00 "),
    "an escaped MAC": (f"m%3D{MAC.replace(':', '%3A')}", f"m%3D{NEW_MAC.replace(':', '%3A')}"),
    "an escaped IPv6": (f"%5B{V6.replace(':', '%3A')}%5D", f"%5B{NEW_V6.replace(':', '%3A')}%5D"),
    "the host of a line": ("May 08 10:00:00 web sshd[1]: x", f"May 08 10:00:00 {WEB} sshd[1]: x"),
}


@pytest.mark.parametrize(("text", "made"), SAME.values(), ids=SAME)
def test_an_address_is_the_same_in_any_spelling(text: str, made: str) -> None:
    """So that logs still join objects."""
    assert REDACTOR.text(text) == made


@pytest.mark.parametrize(
    "text",
    [
        *("db.quux.example", "quux.example.com", "git.quux.test", "nas.quux.local", "quux.invalid"),
        *("https://quux@git.lab.test/x", "https://quux:pw123456@git.lab.test", "ssh-rsa AAAAB3NzaC1yc2E quux@laptop"),
        *("me@quux", "/home/quux/.ssh", "session opened for user quux(uid=1)", "Accepted publickey for quux from x"),
        *("Serial Number: QUUX12345", "sudo[4]: quux : TTY=pts/0", f"{'1.4.0.0.' * 7}1.4.0.0.ip6.arpa"),
    ],
)
def test_a_name_that_only_its_place_shows_is_replaced(text: str) -> None:
    """No domain is exempt but pseudonyms themselves; redacted once more, nothing changes in kind."""
    made = redactor().text(text)
    assert "quux" not in made.casefold()
    assert "1.4.0.0.1.4" not in made


@pytest.mark.parametrize(
    "text",
    [
        *("v1.31.4+rke2r1", "5.14.21-150500.55.80-default", "rancher/hardened-etcd:v3.5.16-k3s1-build20241106"),
        *("2025-05-08-10", "20250508T10:00:00Z", "eth0.100", "getty@tty1.service", "c0ffeec0ffee", "progress 10%"),
        *("https://docs.harvesterhci.io/v1.4/upgrade/", "rancher.cattle-system.svc.cluster.local", "1-2-3-4"),
        *("argoproj.io/v1alpha1", "USER=root", "disk space of user space", "serial console", "100%25", "%d%%"),
    ],
)
def test_what_only_looks_like_one_stays(text: str) -> None:
    """Versions, dates, names of the system's own, words."""
    assert redactor().text(text) == text


@pytest.mark.parametrize("text", ["ip-10-77-31-14", "10_77_31_14", MAC.replace(":", "").upper()])
def test_the_last_look_knows_every_spelling(text: str) -> None:
    """And what it found is replaced when all is redacted again."""
    with pytest.raises(LeakError) as caught:
        REDACTOR.vet({"a": text.encode()})
    assert caught.value.words
    assert not any(word in str(caught.value) for word in caught.value.words)
    REDACTOR.admit(caught.value.leaks)


def test_a_file_that_is_named_after_what_is_replaced_needs_another_name() -> None:
    """No word would help: the name is the user's choice."""
    with pytest.raises(LeakError, match=r"in the name of kraken-07\.md would be left: give the file another name"):
        REDACTOR.vet({"kraken-07.md": b""})


def test_what_was_found_is_known_from_then_on() -> None:
    """Also where the same text was redacted before."""
    made = redactor()
    assert made.text("of plainword") == "of plainword"
    made.admit([Leak("a", "word", "plainword")])
    assert "plainword" not in made.text("of plainword")


def test_kinds_of_unknown_groups_have_names_of_the_users() -> None:
    """Without a namespace, too; those of Kubernetes and of what runs on it are kept."""
    assert sort_of(kind_for_resource("quux.example", "tenants"), "") is Sort.OBJECT
    assert sort_of(kind_for_resource("apps", "things"), "") is None
    assert sort_of(kind_for_resource("cilium.io", "things"), "") is None


def test_the_names_of_saved_files_are_the_users(tmp_path: Path) -> None:
    """But those that say only what is in them."""
    for name in ("acme-prod/acme-nodes.json", "all/machines.yaml", "pods-all.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('{"apiVersion": "v1", "kind": "List", "items": []}')
    (tmp_path / "nodes.json").write_text('{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "kraken-07"}}')
    files = redact_snapshot(hd.open(tmp_path).snapshot, redactor()).manifest.files
    names = sorted(each.name for each in files)
    assert {"all/machines.yaml", "nodes.json", "pods-all.json"} < {*names}
    assert not any("acme" in name for name in names)
