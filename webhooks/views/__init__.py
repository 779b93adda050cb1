"""Graph's calls, and people who take their data along or leave."""
