"""Files that kubectl wrote: YAML or JSON, one or a folder of them, or standard input."""
