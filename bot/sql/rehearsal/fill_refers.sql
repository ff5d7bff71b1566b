-- Whether a reference of several columns leads to a row.
(({columns}) in (select {to} from {table}) or {empty})
