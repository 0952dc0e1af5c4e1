#!/usr/bin/env bash
# kr8s 0.20.15: a resource got by its name alone is asked for in the first version by the alphabet that the cluster
# serves, not in the preferred one, as kubectl does: machines of Cluster API in v1beta1 beside v1beta2, whose status
# differs, and virtualmachinesnapshots of KubeVirt in v1alpha1 beside v1beta1. Its sort_versions puts v1beta2 before
# v1beta1, but is handed cluster.x-k8s.io/v1beta2, which it takes for no version. Fails when that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check kr8s==0.20.15
cat > "$place/look.py" <<'PY'
import http.server
import json
import threading

import kr8s

SERVED = {  # group: resource, kind, versions with the preferred one first
    "cluster.x-k8s.io": ("machines", "Machine", ("v1beta2", "v1beta1")),
    "snapshot.kubevirt.io": ("virtualmachinesnapshots", "VirtualMachineSnapshot", ("v1beta1", "v1alpha1")),
}
answers = {
    "/version": {"major": "1", "minor": "34", "gitVersion": "v1.34.2+rke2r1"},
    "/api": {"versions": ["v1"]},
    "/api/v1": {"resources": []},
    "/apis": {"groups": []},
}
for group, (resource, kind, versions) in SERVED.items():
    listed = [{"groupVersion": f"{group}/{version}", "version": version} for version in versions]
    answers["/apis"]["groups"].append({"name": group, "versions": listed, "preferredVersion": listed[0]})
    entry = {"name": resource, "singularName": kind.lower(), "kind": kind, "namespaced": True, "verbs": ["get", "list"]}
    for version in versions:
        answers[f"/apis/{group}/{version}"] = {"resources": [entry]}
asked = []


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.split("?")[0].rstrip("/")
        if path not in answers:
            asked.append(path)
        body = json.dumps(answers.get(path, {"items": []})).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
api = kr8s.api(
    kubeconfig={
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "lab",
        "clusters": [{"name": "lab", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
        "users": [{"name": "lab", "user": {}}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "lab"}}],
    }
)
for group, (resource, _, versions) in SERVED.items():
    list(api.get(resource, namespace="lab"))
    print(f"{resource}: preferred {versions[0]}, asked {asked[-1]}")
PY
"$place/venv/bin/python" "$place/look.py" | tee "$place/out"
grep -qx 'machines: preferred v1beta2, asked /apis/cluster.x-k8s.io/v1beta1/namespaces/lab/machines' "$place/out"
grep -qx 'virtualmachinesnapshots: preferred v1beta1, asked /apis/snapshot.kubevirt.io/v1alpha1/.*' "$place/out"
