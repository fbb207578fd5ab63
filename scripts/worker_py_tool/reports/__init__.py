"""Our own report sink: takes what pages report, keeps it in one SQLite file, and shows it."""
