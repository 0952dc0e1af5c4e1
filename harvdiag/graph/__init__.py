"""Which object references which: links, pairs of Node and Machine, and the graph of all of them."""
