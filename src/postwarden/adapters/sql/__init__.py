"""The rows of a store in SQL: SQLite now, what speaks PostgreSQL's wire later."""
