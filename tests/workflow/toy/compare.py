"""Compare."""


def compare(rows):
    return len(rows)
