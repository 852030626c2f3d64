"""The results of a study written into a database: PostgreSQL (with PostGIS), or DuckDB in one file."""
