"""A Kubernetes node whose pods are real processes of the sample service."""
