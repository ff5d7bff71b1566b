"""The tests are tested: each promise is broken in a copy of the tree, and some test must say so."""
