"""How calendars, events and connections are said and shown: words, colours, and what the browser's calendar reads."""
