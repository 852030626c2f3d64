"""The sites of a workstation behind a local login: static files, nothing else."""
