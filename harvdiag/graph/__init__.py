"""Which object names which other: references, pairs of Node and Machine, and the graph of it all."""
