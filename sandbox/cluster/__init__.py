"""A real Kubernetes control plane, built from its released modules, with nothing installed on the machine."""
