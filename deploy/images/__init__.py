"""Builds the two images and proves them by running them; ``python -m deploy.images``."""
