"""The study language: data only, light to import."""
