"""What is known of each object: its facts, links, findings, and an excerpt of its YAML."""
