"""Pseudonyms of addresses keep their form, their class, and which of them are in one network."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvdiag.redact import Key
from harvdiag.redact.addresses import Addresses
from tests.sample import examples

ADDRESSES = Addresses(Key(bytes(range(32)), Path("of-a-test")))
V4 = st.ip_addresses(v=4) | st.ip_addresses(network="10.0.0.0/8") | st.ip_addresses(network="192.168.0.0/16")
CLASSES = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"]
KEPT = ["127.0.0.1", "0.0.0.7", "255.255.255.0", "224.0.0.251", "255.255.255.255", "::", "::1", "ff02::1", "0.0.0.0/0"]


def redacted(address: object) -> str:
    return ADDRESSES.ip(str(address)) or ""


@settings(max_examples=examples(60), deadline=None)
@given(V4, V4, st.integers(16, 24))
def test_two_addresses_share_as_much_as_before(one: object, other: object, length: int) -> None:
    """A network is a network, with its addresses in it; the last octet stays."""
    first, second = (ipaddress.IPv4Address(redacted(each)) for each in (one, other))
    net = ipaddress.ip_network(f"{one}/{length}", strict=False)
    made = redacted(net)
    assert ipaddress.ip_network(made).prefixlen == net.prefixlen
    in_class = any(ipaddress.ip_address(str(one)) in ipaddress.ip_network(each) for each in CLASSES)
    if in_class:
        assert (first in ipaddress.ip_network(made)) is True
        assert (second in ipaddress.ip_network(made)) is (ipaddress.ip_address(str(other)) in net)
    assert int(first) & 0xFF == int(ipaddress.IPv4Address(str(one))) & 0xFF


@settings(max_examples=examples(40), deadline=None)
@given(V4)
def test_the_class_stays_and_the_address_does_not(address: object) -> None:
    """Private stays private, public public; but for addresses that name no host, none stays what it is."""
    before, after = ipaddress.IPv4Address(str(address)), ipaddress.IPv4Address(redacted(address))
    for each in map(ipaddress.IPv4Network, CLASSES):
        assert (before in each) is (after in each)
    kept = before.is_loopback or before.is_multicast or before.is_reserved or str(before).startswith("0.")
    assert (before == after) is kept


@pytest.mark.parametrize("text", KEPT)
def test_what_names_no_host_stays(text: str) -> None:
    assert redacted(text) == text


def test_ipv6() -> None:
    """The lower half may hold a MAC; a small number that someone gave stays."""
    one, other = redacted("2001:db8:1:2:5054:ff:fe12:3456"), redacted("2001:db8:1:2::15")
    net = ipaddress.IPv6Network(redacted("2001:db8:1:2::/64"))
    assert {ipaddress.IPv6Address(one) in net, ipaddress.IPv6Address(other) in net} == {True}
    assert "ff:fe12" not in one
    assert other.endswith("::15")
    assert redacted("fe80::1").startswith("fe80::")
    assert redacted("fd12:3456::1").startswith("fd")


@pytest.mark.parametrize("text", ["52:54:00:ab:cd:ef", "52-54-00-AB-CD-EF", "5254.00ab.cdef"])
def test_mac_keeps_its_spelling(text: str) -> None:
    """One address, however it is written; locally administered, of a single host."""
    made = ADDRESSES.mac(text)
    assert [c for c in made if not c.isalnum()] == [c for c in text if not c.isalnum()]
    assert made.lower().replace(":", "").replace("-", "").replace(".", "") == ADDRESSES.mac("525400abcdef")
    assert int(made[:2], 16) & 3 == 2
