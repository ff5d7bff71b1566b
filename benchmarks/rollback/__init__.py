"""The way back, measured: from the confirmed click to "healthy", beside kubectl on the same cluster."""
