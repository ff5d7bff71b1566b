"""The process: settings, wiring, workers, and the adapters that touch the outside world."""
