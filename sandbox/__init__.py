"""The small real world that the demo, the tests and the benchmarks run in; the product imports nothing of it."""
