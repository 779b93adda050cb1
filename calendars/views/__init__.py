"""The pages of calendars and connections, under `/o/<slug>/`."""
