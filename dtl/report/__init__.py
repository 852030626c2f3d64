"""The cube of facts, the payloads, and the site."""
