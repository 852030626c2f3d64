"""The public copy of a study: what it may show, the copy itself, its files, and the search for what leaked."""
