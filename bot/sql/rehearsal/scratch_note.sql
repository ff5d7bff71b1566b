comment on database {name} is {note};
