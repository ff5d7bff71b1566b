"""One folder or file per outside system; each translates its vendor's errors once."""
