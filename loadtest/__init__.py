"""Load on the running service: Locust users with thresholds, and a benchmark beside other stacks.

Talks HTTP and imports neither the core nor the server: what it measures is what a client sees.
"""
