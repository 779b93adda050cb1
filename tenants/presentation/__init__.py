"""What pages say, made from rows: words and order, no HTML and no queries."""
