"""kubectl output: YAML or JSON, a file, a folder of files, or standard input."""
