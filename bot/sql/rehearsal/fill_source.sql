(select n as {place}, v::{type} as {column} from unnest({values}::text[]) with ordinality as listed (v, n)) as {alias}
