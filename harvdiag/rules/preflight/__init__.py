"""Before an upgrade: what Harvester's own checks ask, judged as they do, and better where they are blind."""
