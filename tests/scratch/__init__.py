"""Scratch databases on a rehearsal server, made from a real schema on another one."""
