"""What can go wrong on somebody's machine and is no fault in our code."""


class Problem(Exception):
    """An expected failure. Its text tells a person what it is and what to do next; there is no traceback."""
