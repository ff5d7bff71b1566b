alter database {name} set search_path to {path};
