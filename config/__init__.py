"""Configuration as data, and the records that travel between the parts."""
