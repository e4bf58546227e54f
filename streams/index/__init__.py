"""The index: mentions, signals, incidents, authors and the sent-log, on Elasticsearch or SQLite."""
