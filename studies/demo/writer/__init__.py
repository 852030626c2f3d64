"""The parts of write_models.py: tables in, CYME text and OpenDSS script out."""
