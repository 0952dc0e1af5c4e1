#!/usr/bin/env bash
# pytricia 1.3.0, pysubnettree 0.38.1 and cidr-man 1.5.4 take the cluster-cidr of an RKE2 cluster with two stacks,
# 10.52.0.0/16,fd00:52::/56, for one network and raise no error: the tries stop at the comma, so that no address of
# the second family is in the cluster, and cidr-man makes a single address of the pair. Fails when that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check pytricia==1.3.0 pysubnettree==0.38.1 cidr-man==1.5.4
cat > "$place/look.py" <<'PY'
from cidr_man import CIDR
from pytricia import PyTricia
from SubnetTree import SubnetTree

for pair in ("10.52.0.0/16,fd00:52::/56", "fd00:52::/56,10.52.0.0/16"):
    print(pair)
    for name, tree in (("pytricia", PyTricia(128)), ("pysubnettree", SubnetTree())):
        tree[pair] = "pods"
        for pod in ("10.52.1.9", "fd00:52::9"):
            print(f"  {name}: {pod} {'in' if pod in tree else 'not in'} the cluster")
    print(f"  cidr-man: {CIDR(pair)}, {CIDR(pair).num_addresses} address")
PY
"$place/venv/bin/python" "$place/look.py" | tee "$place/out"
for name in pytricia pysubnettree; do
  grep -qx "  $name: 10.52.1.9 in the cluster" "$place/out"
  grep -qx "  $name: 10.52.1.9 not in the cluster" "$place/out"
  grep -qx "  $name: fd00:52::9 in the cluster" "$place/out"
  grep -qx "  $name: fd00:52::9 not in the cluster" "$place/out"
done
grep -qx '  cidr-man: 10.52.0.0, 1 address' "$place/out"
grep -qx '  cidr-man: fd00:52::, 1 address' "$place/out"
