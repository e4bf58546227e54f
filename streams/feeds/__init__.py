"""Feeds: what brings mentions into the pipeline, from files, folders and standard input."""
