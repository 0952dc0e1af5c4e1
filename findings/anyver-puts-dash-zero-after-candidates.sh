#!/usr/bin/env bash
# anyver 2.0.0: charts state the Kubernetes that they work with as ">= 1.31.0-0 < 1.34.0-0", where -0 is what comes
# before every candidate of a version. Unless it is told an ecosystem, anyver.satisfies takes -0 for the final version,
# at both ends: the candidate 1.34.0-rc1, which the chart keeps out, fits, and 1.31.0-rc2, which it lets in, does not.
# With ecosystem="semver" both come out as in Helm. Fails when that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check anyver==2.0.0
cat > "$place/look.py" <<'PY'
import anyver

CHART = ">= 1.31.0-0 < 1.34.0-0"
print("1.31.0-0 and 1.31.0:", "same" if anyver.compare("1.31.0-0", "1.31.0") == 0 else "not same")
for version in ("v1.31.4+rke2r1", "v1.31.0-rc2+rke2r1", "v1.34.0-rc1+rke2r1", "v1.34.0+rke2r1"):
    plain = anyver.satisfies(version, CHART)
    strict = anyver.satisfies(version, CHART, ecosystem="semver")
    print(f"{version}: {'fits' if plain else 'refused'}, as semver {'fits' if strict else 'refused'}")
PY
"$place/venv/bin/python" "$place/look.py" | tee "$place/out"
grep -qx '1.31.0-0 and 1.31.0: same' "$place/out"
grep -qxF 'v1.31.4+rke2r1: fits, as semver fits' "$place/out"
grep -qxF 'v1.31.0-rc2+rke2r1: refused, as semver fits' "$place/out"
grep -qxF 'v1.34.0-rc1+rke2r1: fits, as semver refused' "$place/out"
grep -qxF 'v1.34.0+rke2r1: refused, as semver refused' "$place/out"
