"""Every example of Microsoft's pages, as a call of the sandbox: each module plays those of one area."""

from tests.contract.plays import batches, calendars, errors, events, schedules, subscriptions, views

MODULES = (batches, calendars, errors, events, schedules, subscriptions, views)
