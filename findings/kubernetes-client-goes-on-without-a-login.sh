#!/usr/bin/env bash
# kubernetes 37.0.2 (the Python client): where the exec plugin of a kubeconfig fails, load_kube_config writes a line to
# the log and returns as if nothing had happened; the request that follows is sent without any login, and the answer is
# 401 or 403 of an anonymous user. kubectl stops at the plugin's exit code. Fails when that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check kubernetes==37.0.2
cat > "$place/config" <<'YAML'
{apiVersion: v1, kind: Config, current-context: lab,
 clusters: [{name: lab, cluster: {server: "http://127.0.0.1:1"}}],
 users: [{name: lab, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: "false", interactiveMode: Never}}}],
 contexts: [{name: lab, context: {cluster: lab, user: lab}}]}
YAML
cat > "$place/look.py" <<'PY'
import http.server
import sys
import threading

from kubernetes import client, config

seen = []


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        seen.append(self.headers.get("Authorization"))
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
chosen = client.Configuration()
config.load_kube_config(config_file=sys.argv[1], client_configuration=chosen)
print("loaded")
chosen.host = f"http://127.0.0.1:{server.server_port}"
try:
    client.VersionApi(client.ApiClient(chosen)).get_code()
except client.ApiException as error:
    print(f"sent with Authorization {seen[0]}, answered {error.status}")
PY
"$place/venv/bin/python" "$place/look.py" "$place/config" 2> "$place/log" | tee "$place/out"
cat "$place/log"
grep -qx loaded "$place/out"
grep -qx 'sent with Authorization None, answered 401' "$place/out"
grep -q 'exec: process returned 1' "$place/log"
