grant {group} to {member};
