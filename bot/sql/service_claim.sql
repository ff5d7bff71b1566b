-- Take the fence row with our epoch, unless a newer one is there. It is held until the transaction ends.
update opsbot.fence set epoch = %(epoch)s where epoch <= %(epoch)s returning epoch;
