"""The way to Microsoft and back: the connect page, the callback that is posted to, and what people see at the end."""
