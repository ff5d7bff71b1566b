md5(({column})::text)
