#!/usr/bin/env bash
# kubernetes 37.0.2 (the Python client): where KUBECONFIG names several files, the current-context of the last one wins;
# everything else, and in kubectl the current-context too, is taken from the first file that sets it. So a program and
# kubectl, with the same environment, talk to two clusters. Fails when that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check kubernetes==37.0.2
write() {
  cat > "$place/$1" <<YAML
{apiVersion: v1, kind: Config, current-context: $1,
 clusters: [{name: $1, cluster: {server: "http://127.0.0.1:$2"}}, {name: both, cluster: {server: "http://127.0.0.1:$2"}}],
 users: [{name: $1, user: {}}],
 contexts: [{name: $1, context: {cluster: $1, user: $1}}, {name: both, context: {cluster: both, user: $1}}]}
YAML
}
write first 1001
write last 1002
cat > "$place/look.py" <<'PY'
import sys

from kubernetes import client, config

for context in (None, "both"):
    chosen = client.Configuration()
    config.load_kube_config(config_file=sys.argv[1], context=context, client_configuration=chosen)
    print(f"{context or 'current-context'}: {chosen.host}")
PY
"$place/venv/bin/python" "$place/look.py" "$place/first:$place/last" | tee "$place/out"
grep -qx 'current-context: http://127.0.0.1:1002' "$place/out"
grep -qx 'both: http://127.0.0.1:1001' "$place/out"
