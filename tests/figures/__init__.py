"""Pictures are tested for what they mean: what stands where, what is told, what can be read."""
