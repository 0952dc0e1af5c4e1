"""Named changes to a healthy cluster: one function each, which gives back what must be found for it."""
