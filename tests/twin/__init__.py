"""Histories of a Deployment, played twice: what Opsbot's undo makes of them, and what `kubectl rollout undo` does."""
