"""The chain of events: each links to the one before by hash."""
