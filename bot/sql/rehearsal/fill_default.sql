-- What a default is now.
select ({expression})::{type}::text;
