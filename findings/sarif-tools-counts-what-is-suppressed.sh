#!/usr/bin/env bash
# sarif-tools 3.0.5 counts and converts results that SARIF 2.1.0 marks as settled: one with an accepted suppression,
# one whose baselineState is absent (it is gone), and one of kind pass are in `sarif summary`, and become plain issues
# in `sarif codeclimate`, the form that GitLab shows. So leave them out of a file that such consumers read.
# Fails when that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check sarif-tools==3.0.5
cat > "$place/a.sarif" <<'JSON'
{"version": "2.1.0", "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "runs": [{
  "tool": {"driver": {"name": "links", "rules": [{"id": "no-machine", "shortDescription": {"text": "no Machine"}}]}},
  "results": [
    {"ruleId": "no-machine", "level": "error", "message": {"text": "accepted"},
     "suppressions": [{"kind": "external", "status": "accepted"}],
     "locations": [{"physicalLocation": {"artifactLocation": {"uri": "bundle.zip"}, "region": {"startLine": 1}}}]},
    {"ruleId": "no-machine", "level": "error", "baselineState": "absent", "message": {"text": "gone"},
     "locations": [{"physicalLocation": {"artifactLocation": {"uri": "bundle.zip"}, "region": {"startLine": 2}}}]},
    {"ruleId": "no-machine", "level": "none", "kind": "pass", "message": {"text": "passed"},
     "locations": [{"physicalLocation": {"artifactLocation": {"uri": "bundle.zip"}, "region": {"startLine": 3}}}]}
  ]}]}
JSON
"$place/venv/bin/sarif" summary "$place/a.sarif" | tee "$place/summary"
"$place/venv/bin/sarif" codeclimate -o "$place/cc.json" "$place/a.sarif" > /dev/null
issues=$(grep -c '"type": "issue"' "$place/cc.json")
echo "issues for GitLab: $issues"
grep -qx 'error: 2' "$place/summary"
grep -qx 'none: 1' "$place/summary"
[ "$issues" -eq 3 ]
