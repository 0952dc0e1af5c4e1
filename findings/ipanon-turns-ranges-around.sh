#!/usr/bin/env bash
# ipanon 0.3.3 keeps subnets, but not the order within one, so that a range of addresses in an IPPool may end before it
# begins; it reads a name of reverse DNS as if it were an address, so that the name and the address no longer belong
# together; and it takes a version of four parts for an address. Fails when that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check ipanon==0.3.3
anonymize() { printf '%s\n' "$1" | "$place/venv/bin/ipanon" -q -s salt; }
last() { sed -E 's/.*\.([0-9]+)$/\1/' <<< "$1"; }
turned=0
for begin in $(seq 1 8); do
  range=$(anonymize "10.0.0.$((begin * 20))-10.0.0.$((begin * 20 + 9))")
  echo "10.0.0.$((begin * 20))-10.0.0.$((begin * 20 + 9)) becomes $range"
  [ "$(last "${range%-*}")" -le "$(last "${range#*-}")" ] || turned=$((turned + 1))
done
address=$(anonymize 10.0.0.5)
reverse=$(anonymize 5.0.0.10.in-addr.arpa)
version=$(anonymize 'harvester v1.4.2.0')
echo "10.0.0.5 becomes $address, 5.0.0.10.in-addr.arpa becomes $reverse, 'harvester v1.4.2.0' becomes '$version'"
echo "ranges that end before they begin: $turned of 8"
[ "$turned" -ge 1 ]
IFS=. read -r a b c d <<< "$address"
[ "$reverse" != "$d.$c.$b.$a.in-addr.arpa" ]
[ "$reverse" != 5.0.0.10.in-addr.arpa ]
[ "$version" != 'harvester v1.4.2.0' ]
