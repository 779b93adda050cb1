"""A stand-in of Microsoft's sign-in and Graph for this machine. It imports nothing of Almanac."""
