set constraints {names} immediate;
