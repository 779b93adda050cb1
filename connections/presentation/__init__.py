"""What pages say about consent: looks, words and next steps."""
