-- Forget what a file set, and limit what the next one may wait for (milliseconds; 0 is no limit).
reset session authorization;
reset all;
