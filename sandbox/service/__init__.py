"""The sample service that the sandbox deploys: its git repository, its database, its Kubernetes objects."""
