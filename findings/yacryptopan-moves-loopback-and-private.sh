#!/usr/bin/env bash
# yacryptopan 1.0.2 (Crypto-PAn) keeps prefixes in common, and nothing else: 127.0.0.1, 0.0.0.0, 10.x, fe80:: and ::1
# become addresses of other networks, mostly public ones, 255.255.255.255 is no broadcast any more, and an IPv4 address
# written as ::ffff:10.0.0.1 does not get the pseudonym of 10.0.0.1. A reader of what was anonymized can no longer tell
# a listener on loopback from a stranger's host. Fails when that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check yacryptopan==1.0.2
cat > "$place/look.py" <<'PY'
from ipaddress import ip_address, ip_network

from yacryptopan import CryptoPAn

secret = CryptoPAn(bytes(range(32)))
new = {}
for text in ("127.0.0.1", "0.0.0.0", "255.255.255.255", "10.0.0.1", "192.168.0.1", "fe80::1", "::1", "::ffff:10.0.0.1"):
    new[text] = ip_address(secret.anonymize(text))
    print(f"{text:16} becomes {new[text]}{'' if new[text].is_global else ' (not global)'}")
assert not new["127.0.0.1"].is_loopback
assert not new["::1"].is_loopback
assert not new["fe80::1"].is_link_local
assert new["10.0.0.1"] not in ip_network("10.0.0.0/8")
assert new["192.168.0.1"].is_global
assert new["255.255.255.255"] != ip_address("255.255.255.255")
mapped = new["::ffff:10.0.0.1"]
assert mapped.ipv4_mapped is None
PY
"$place/venv/bin/python" "$place/look.py"
