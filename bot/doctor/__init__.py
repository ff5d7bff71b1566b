"""`opsbot doctor`: looks at every connection, right and setting, and says how to mend what is missing."""
