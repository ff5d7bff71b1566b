"""Scratch databases on the rehearsal server, and what is read from and put into them."""
