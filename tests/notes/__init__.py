"""Notes on findings: the file, the command, and where they are shown."""
