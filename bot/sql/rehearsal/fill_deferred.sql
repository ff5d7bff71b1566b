set constraints {names} deferred;
