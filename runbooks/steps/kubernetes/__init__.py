"""Deployments: rolled out, watched, restored by content; every change is compare-and-set under a lease epoch."""
