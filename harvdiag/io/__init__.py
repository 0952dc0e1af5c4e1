"""Bytes, text and HTTP: archives, YAML and JSON, the API of a cluster; nothing here knows Harvester."""
