"""One file per `uses:`; what it does, against a small Protocol that stands in the same file."""
