"""Reports: JSON, Markdown, terminal."""
