"""`/rollback` in the middle of deploys on real processes, with foreign edits: outsiders judge what it comes to."""
