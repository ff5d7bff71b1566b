"""A Kubernetes node whose pods are real processes of the sample service."""

from sandbox.node.node import Node

__all__ = ["Node"]
