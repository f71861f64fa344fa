"""Fills a database of PostgreSQL with more rows than one would wait for: one file is imported by Obligor, and its
job with all that belongs to it is copied as many times as wanted, each copy a day older than the one before.

What a copy changes: its own ids (UUIDv7: the time in them goes back by as many days), its times, and the numbers
in symbol and name of its companies. So each copy is what Obligor would have made of the next file: its own
companies, the job's counters and span, the counts. The rows come in the order of time, through all indexes; only
the checks of foreign keys are left out, which copies of sound rows would pass."""

DAY = 86_400
YEARS = 20          # of each company, as make_csv.py has them
TABLE = "annual_predictions"
SHARED = ("owner_id", "user_id", "model_id", "created_by")  # ids that a copy has in common with the first
FASTER = "SET session_replication_role = replica; "         # no triggers: that is, no foreign keys

BACK = """CREATE FUNCTION bench_back(id uuid, seconds bigint) RETURNS uuid IMMUTABLE LANGUAGE sql AS $$
  SELECT (lpad(to_hex(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint - seconds * 1000), 12, '0')
          || right(replace(id::text, '-', ''), 20))::uuid $$"""


def columns(engine, database, table):
    """[(name, type)]"""
    said = engine.psql("SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
                       " AND table_name = '%s' ORDER BY ordinal_position" % table, database)
    return [line.split("|") for line in said.split("\n") if line]


def expression(name, kind, seconds, companies):
    if kind == "uuid" and name not in SHARED:
        return "bench_back(%s, %d)" % (name, seconds)
    if kind == "timestamp with time zone":
        return "%s - make_interval(secs => %d)" % (name, seconds)
    if name == "symbol":
        return "'C' || lpad((substr(symbol, 2)::int - %d)::text, 6, '0')" % companies
    if name == "name":
        return "'Example Company ' || (substr(symbol, 2)::int - %d) || ' Inc.'" % companies
    return name


def copy_of(engine, database, table, age, companies):
    """The statement that copies one table of the first job; its rows stand in bench_TABLE."""
    found = columns(engine, database, table)
    order = "job_row" if table == TABLE else "id"
    return "INSERT INTO %s (%s) SELECT %s FROM bench_%s ORDER BY %s" % (
        table, ", ".join(name for name, _ in found),
        ", ".join(expression(name, kind, age * DAY, age * companies) for name, kind in found), table, order)


def fill(data, name, jobs):
    """A database with so many jobs of data.rows rows each."""
    engine = data.engine
    companies = -(-data.rows // YEARS)
    tables = ("bulk_upload_jobs", "companies", TABLE, "prediction_counts")
    data.empty(name)
    data.import_file(name, data.csv(data.rows, "--first-company", str(companies * (jobs - 1))))
    engine.psql(BACK, name)
    for table in tables:
        engine.psql("CREATE UNLOGGED TABLE bench_%s AS SELECT * FROM %s" % (table, table), name)
    engine.psql("TRUNCATE " + TABLE, name)
    for age in range(jobs - 1, 0, -1):
        engine.psql(FASTER + "; ".join(copy_of(engine, name, table, age, companies) for table in tables), name)
    engine.psql(FASTER + "INSERT INTO %s SELECT * FROM bench_%s ORDER BY job_row" % (TABLE, TABLE), name)
    for table in tables:
        engine.psql("DROP TABLE bench_" + table, name)
    engine.psql("DROP FUNCTION bench_back", name)
