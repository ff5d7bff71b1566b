-- A membership that was not there before.
revoke {group} from {member} cascade;
