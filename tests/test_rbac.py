"""The rights that harvdiag asks for: what the catalogue needs and no more; whoever is named stays text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import harvdiag
from harvdiag.access.rbac import build_manifests
from harvdiag.core.errors import UsageError
from harvdiag.kinds import CATALOGUE

PAGE = (Path(harvdiag.__file__).parents[1] / "docs" / "access.md").read_text(encoding="utf-8")
ACCOUNT = "serviceaccount:harvester-system/harvdiag"


def parsed(text: str) -> dict[str, Any]:
    """The documents by their kind."""
    documents = list(yaml.safe_load_all(text))
    found = {document["kind"]: document for document in documents}
    assert len(found) == len(documents)
    return found


def rights(role: dict[str, Any]) -> dict[str, list[str]]:
    """What a role lets one do with each resource."""
    found = {
        f"{resource}.{group}" if group else resource: rule["verbs"]
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    assert len(found) == sum(len(rule["resources"]) for rule in role["rules"])
    return found


# --- which rights --------------------------------------------------------------------------------------------------


def test_the_role_has_the_catalogues_kinds_and_nothing_else() -> None:
    """Every kind that a server can have, but no Secret; the namespaces; get and list alone."""
    documents = parsed(build_manifests())
    assert set(documents) == {"ClusterRole"}
    kinds = {kind.resource for kind in CATALOGUE.values() if kind.versions} - {"secrets"}
    assert rights(documents["ClusterRole"]) == {kind: ["get", "list"] for kind in {*kinds, "namespaces"}}


def test_what_harvdiag_puts_together_itself_needs_no_right() -> None:
    """Such a kind has no version, so that no server is asked for it."""
    assert not CATALOGUE["Host"].versions
    assert "host" not in build_manifests(plans=True, kubelet=True).replace("hosts join", "").lower()


def test_one_rule_a_group_in_order() -> None:
    """A person can compare two of these with their own eyes."""
    rules = parsed(build_manifests())["ClusterRole"]["rules"]
    groups = [rule["apiGroups"] for rule in rules]
    assert groups == sorted(groups)
    assert all(len(group) == 1 for group in groups)
    assert all(rule["resources"] == sorted(rule["resources"]) for rule in rules)


def test_plans_are_listed_in_their_namespace_alone() -> None:
    """One Role more, and the caution that goes with it; the ClusterRole stays as it is."""
    text = build_manifests(plans=True)
    documents = parsed(text)
    assert set(documents) == {"ClusterRole", "Role"}
    assert documents["ClusterRole"] == parsed(build_manifests())["ClusterRole"]
    assert documents["Role"]["metadata"] == {"name": "harvdiag-reader", "namespace": "fleet-local"}
    assert rights(documents["Role"]) == {"secrets": ["list"]}
    assert "CAUTION: Kubernetes has no right to metadata alone" in text


def test_kubelet_adds_one_right_with_a_caution() -> None:
    """nodes/proxy, get."""
    text = build_manifests(kubelet=True)
    more = rights(parsed(text)["ClusterRole"])
    assert more.pop("nodes/proxy") == ["get"]
    assert more == rights(parsed(build_manifests())["ClusterRole"])
    assert "close to cluster-admin" in text
    assert "CAUTION" not in build_manifests()


def test_further_kinds_go_into_the_role() -> None:
    """By plural and group; the order and repetition of the words, and kinds that are there anyway, change nothing."""
    text = build_manifests(kinds=["volumes.longhorn.io", "pods", "nodes", "pods"])
    assert text == build_manifests(kinds=["pods", "volumes.longhorn.io"])
    before = rights(parsed(build_manifests())["ClusterRole"])
    more = {"pods": ["get", "list"], "volumes.longhorn.io": ["get", "list"]}
    assert rights(parsed(text)["ClusterRole"]) == before | more


@pytest.mark.parametrize(
    ("word", "resource"),
    [
        ("machines", "machines.cluster.x-k8s.io"),
        ("Machine", "machines.cluster.x-k8s.io"),
        ("settings", "settings.harvesterhci.io"),
        ("jobs", "jobs.batch"),
        ("Pod", "pods"),
        ("persistentvolumes", "persistentvolumes"),
    ],
)
def test_a_kind_is_what_is_meant(word: str, resource: str) -> None:
    """A plural that the catalogue has in a group is no right to something of the core that does not exist."""
    before, more = (rights(parsed(build_manifests(kinds=kinds))["ClusterRole"]) for kinds in ((), (word,)))
    assert more == before | {resource: ["get", "list"]}


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("secrets", "Secrets are in no ClusterRole; --plans grants those of fleet-local"),
        ("tokens.management.cattle.io", "tokens.management.cattle.io hold credentials"),
        ("kubeconfigs.ext.cattle.io", "kubeconfigs.ext.cattle.io hold credentials"),
        ("hosts", "hosts are not Kubernetes objects"),
        ("Goose", "invalid resource 'Goose': name its plural and group"),
        ("statefulsets", "'statefulsets' is not in an API group that harvdiag knows: add the group"),
        ("tokens", "'tokens' is not in an API group"),
        ("*", "invalid resource"),
        ("pods/log", "invalid resource"),
        ("pods.", "invalid resource"),
        ("", "invalid resource"),
        ('x"]\n', "invalid resource"),
    ],
)
def test_kinds_to_which_no_right_is_given(word: str, reason: str) -> None:
    """What harvdiag never reads, what no server has, and what is no name of a resource."""
    with pytest.raises(UsageError, match=re.escape(reason)) as caught:
        build_manifests(kinds=[word])
    assert "\n" not in str(caught.value)


# --- to whom -------------------------------------------------------------------------------------------------------

API = "rbac.authorization.k8s.io"


@pytest.mark.parametrize(
    ("word", "subject"),
    [
        ("user:jane", {"kind": "User", "name": "jane", "apiGroup": API}),
        ("user:123", {"kind": "User", "name": "123", "apiGroup": API}),
        ("user:null", {"kind": "User", "name": "null", "apiGroup": API}),
        ("user:system:admin", {"kind": "User", "name": "system:admin", "apiGroup": API}),
        ('user:o\'k "x" # é', {"kind": "User", "name": 'o\'k "x" # é', "apiGroup": API}),
        ("group:ops", {"kind": "Group", "name": "ops", "apiGroup": API}),
        (ACCOUNT, {"kind": "ServiceAccount", "name": "harvdiag", "namespace": "harvester-system"}),
    ],
)
def test_subject_is_bound_to_what_is_there(word: str, subject: dict[str, str]) -> None:
    """By name, to the ClusterRole, and with plans to the Role in the same namespace."""
    documents = parsed(build_manifests("mine", plans=True, subject=word))
    for role, namespace in (("ClusterRole", None), ("Role", "fleet-local")):
        binding = documents[f"{role}Binding"]
        assert binding["subjects"] == [subject]
        assert binding["roleRef"] == {"apiGroup": API, "kind": role, "name": "mine"}
        assert documents[role]["metadata"] == binding["metadata"]
        assert binding["metadata"].get("namespace") == namespace
    assert set(parsed(build_manifests(subject=word))) == set(documents) - {"Role", "RoleBinding"}


def test_service_account_is_created() -> None:
    """A user and a group exist elsewhere."""
    account = parsed(build_manifests(subject=ACCOUNT))["ServiceAccount"]
    assert account["metadata"] == {"name": "harvdiag", "namespace": "harvester-system"}
    assert "ServiceAccount" not in parsed(build_manifests(subject="user:jane"))


@pytest.mark.parametrize(
    "word",
    [
        "jane", "user:", "user: ", "group:", "User:jane", "role:x", "user:a\nb", "user:\x1b[31m", "user:\u2028x",
        "user:\ud800", "serviceaccount:x", "serviceaccount:x/", "serviceaccount:/x", "serviceaccount:X/y",
        "serviceaccount:a.b/y", "serviceaccount:a/b/c", "serviceaccount:a/-b", "serviceaccount:a/b;id",
        f"serviceaccount:{'n' * 64}/x", f"serviceaccount:x/{'n' * 300}",
    ],
)  # fmt: skip
def test_bad_subject_is_refused_in_one_line(word: str) -> None:
    """With what is expected, or what is wrong."""
    with pytest.raises(UsageError, match=r"give user:NAME, group:NAME or|non-printable") as caught:
        build_manifests(subject=word)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "A", "a_b", "a/b", "..", "a\n", "-a", "a" * 254, "a: b"])
def test_bad_name_is_refused(name: str) -> None:
    """A name that no object of Kubernetes can have."""
    with pytest.raises(UsageError, match="invalid role name"):
        build_manifests(name)


@given(st.text(min_size=1), st.sampled_from(["user", "group"]))
def test_whoever_is_named_stays_text(name: str, kind: str) -> None:
    """No name makes another document, another key or another right; it comes out as it went in, or is refused."""
    try:
        text = build_manifests(plans=True, subject=f"{kind}:{name}")
    except UsageError:
        return
    documents = parsed(text)
    plain = parsed(build_manifests(plans=True, subject="user:x"))
    assert documents["ClusterRoleBinding"].pop("subjects")[0]["name"] == name
    assert documents["RoleBinding"].pop("subjects")[0]["name"] == name
    for binding in ("ClusterRoleBinding", "RoleBinding"):
        plain[binding].pop("subjects")
    assert documents == plain


# --- what it says --------------------------------------------------------------------------------------------------


def test_comments_tell_how_to_try_it() -> None:
    """As the one who got it, and in their name; without anybody, how to bind it."""
    assert "kubectl auth can-i --list --as=jane\n" in build_manifests(subject="user:jane")
    assert "--as=nobody --as-group='my group'\n" in build_manifests(subject="group:my group")
    account = build_manifests(subject=ACCOUNT)
    assert "--as=system:serviceaccount:harvester-system:harvdiag\n" in account
    assert "kubectl create token harvdiag -n harvester-system" in account
    assert "create clusterrolebinding mine --clusterrole=mine --user=NAME" in build_manifests("mine")
    assert "create rolebinding mine -n fleet-local --role=mine --user=NAME" in build_manifests("mine", plans=True)
    assert all("harvdiag whoami" in text for text in (account, build_manifests()))


def test_the_page_has_the_same_kinds() -> None:
    """The table of docs/access.md is the ClusterRole."""
    section = PAGE.split("## The kinds")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\(core\)|[a-z0-9.-]+) \| ([a-z, ]+) \|$", section, re.MULTILINE)
    told = {"" if group == "(core)" else group: cell.split(", ") for group, cell in rows}
    rules = parsed(build_manifests())["ClusterRole"]["rules"]
    assert told == {rule["apiGroups"][0]: rule["resources"] for rule in rules}, "run `make docs`"
