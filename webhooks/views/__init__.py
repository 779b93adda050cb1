"""Doors of this app: Graph's calls, members, support staff."""
