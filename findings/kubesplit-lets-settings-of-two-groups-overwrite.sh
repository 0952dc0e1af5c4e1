#!/usr/bin/env bash
# kubesplit 0.6.0 names the file of an object after its kind and name, without its API group. A cluster of Harvester has
# Setting in harvesterhci.io and in management.cattle.io, both without a namespace, and both with a ui-index: two
# objects to Kubernetes, where a group, a resource and a name make the address. kubesplit counts both, writes one over
# the other without a word, and exits with 0. Without the number before each name (-p) that is the same.
# Fails when that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check kubesplit==0.6.0
cat > "$place/all.yaml" <<'YAML'
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata:
  name: ui-index
value: https://harvester.example/index.html
---
apiVersion: management.cattle.io/v3
kind: Setting
metadata:
  name: ui-index
value: https://rancher.example/index.html
YAML
for option in '' -p; do
  "$place/venv/bin/kubesplit" -i "$place/all.yaml" -o "$place/split$option" ${option:+"$option"} > "$place/said" \
    2> /dev/null
  said=$(grep -o '\[[0-9]*\] valid' "$place/said")
  files=$(find "$place/split$option" -type f -printf '%f\n')
  kept=$(grep -rhoE '(harvester|rancher)\.example' "$place/split$option")
  echo "kubesplit $option: $said; written: $files with $kept"
  [ "$said" = '[2] valid' ]
  [ "$(wc -l <<< "$files")" = 1 ]
  [ "$kept" = rancher.example ]
done
