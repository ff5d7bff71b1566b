"""The source repositories, by git."""
