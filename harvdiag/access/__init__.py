"""Who one is to a cluster, what may be listed there, and the least rights that harvdiag needs."""
