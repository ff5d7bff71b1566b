-- The epoch on the fence where it is newer than ours.
select epoch from opsbot.fence where epoch > %(epoch)s;
