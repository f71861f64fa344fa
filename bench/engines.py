"""The databases that a run makes, copies, reads beside Obligor and drops. SQLite has a file for each, PostgreSQL
a database for each in one private cluster; both answer the same questions, so that a bench need not know."""
import engine_postgres
import engine_sqlite


def start(name, place, parent=None):
    """The engine of a place, closed with it; `parent`: the directory for what cannot lie within the place."""
    if name == "sqlite":
        return engine_sqlite.Sqlite(place)
    return engine_postgres.Postgres(place, parent)
