"""Commands as Kubernetes Jobs."""
