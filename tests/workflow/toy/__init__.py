"""Toy stages: they keep every contract of files and tables, cost nothing, and let an edit of an input show below."""
