"""The Solvereign API."""
