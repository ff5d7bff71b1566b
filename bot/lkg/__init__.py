"""`opsbot lkg`: a known good release as a file that stands alone, and back."""
