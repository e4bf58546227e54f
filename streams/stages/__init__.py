"""The stages of the stream: each takes a batch, gives it to its sinks, and returns when they confirm."""
