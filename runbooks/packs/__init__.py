"""Audit packs: from events to files that auditors read, check and keep. Pure; the same events, the same bytes."""
