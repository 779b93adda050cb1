"""What pages say about listening, and what support staff read of a connection."""
