"""Opsbot and its peers behind one small command line, so that one driver measures them alike.

    prepare URL                                     makes the tables
    work URL NAME SLOTS [hangs]                     works until it is killed; `hangs`: no step ever ends
    ask URL COUNT STEPS GAP PREFIX                  asks for so much work, GAP seconds apart on average

Each tells what happens on its standard output: `WORD ITEM SECONDS`, by the machine's monotonic clock. WORD is `up`,
`ready` (asking for the item is committed), `held` (a worker has it), `started` (its first step's function runs) or
`ended` (its last step's function has run).
"""
