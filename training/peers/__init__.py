"""Other identifiers, asked in a process and an environment of their own (`make peers`).

Nothing here imports scandid: that environment does not hold what scandid needs.
"""
