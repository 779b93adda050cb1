"""Doors of this app: Graph's calls, members who pause, leave or take their data along, support staff."""
