-- Forget what the file before has set or left in the session.
reset session authorization;
reset all;
discard temp;
deallocate all;
