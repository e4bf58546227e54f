"""Pure builders: from an `Incident` to what a person reads, in Chinese or English."""
