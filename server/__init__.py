"""The HTTP service around scandid: falcon under gunicorn. Imports nothing of the training side."""
