"""Tests of the Solvereign API."""
