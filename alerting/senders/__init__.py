"""Receivers' edges: Slack and the terminal."""
