"""The clusters of the catalogue, over the Kubernetes API."""
