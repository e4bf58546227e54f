"""Feeds in, scored mentions out: the stages of the stream and their sinks."""
