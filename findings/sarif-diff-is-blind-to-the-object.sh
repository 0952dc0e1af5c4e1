#!/usr/bin/env bash
# sarif-tools 3.0.5: `sarif diff` counts the results of a rule, once a rule has two. A report in which Node hv01 is
# repaired and Node hv03 broke, while hv02 stays broken, is the same to it, "+0 -0", though message, logicalLocations and
# partialFingerprints tell which object each result is about. Fails when that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check sarif-tools==3.0.5
result() {
  cat <<JSON
{"ruleId": "no-machine", "level": "error", "message": {"text": "Node $1 has no Machine"},
 "partialFingerprints": {"object/v1": "no-machine:Node:$1"},
 "locations": [{"physicalLocation": {"artifactLocation": {"uri": "bundle.zip"}, "region": {"startLine": 1}},
   "logicalLocations": [{"fullyQualifiedName": "Node/$1", "kind": "resource"}]}]}
JSON
}
report() {
  cat <<JSON
{"version": "2.1.0", "\$schema": "https://json.schemastore.org/sarif-2.1.0.json", "runs": [{
  "tool": {"driver": {"name": "links", "rules": [{"id": "no-machine", "shortDescription": {"text": "no Machine"}}]}},
  "results": [$(result "$1"), $(result "$2")]}]}
JSON
}
report hv01 hv02 > "$place/before.sarif"
report hv02 hv03 > "$place/after.sarif"
"$place/venv/bin/sarif" diff "$place/before.sarif" "$place/after.sarif" | tee "$place/diff"
grep -q '^error level: +0 -0 no changes$' "$place/diff"
grep -q '^all levels: +0 +0$' "$place/diff"
