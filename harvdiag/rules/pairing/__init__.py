"""The pairing family: is every host one Node, one Machine with its parts, and a member of the cluster `local`?"""
