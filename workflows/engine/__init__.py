"""The pure engine: (automation, state, news) -> state. It knows no clock, no I/O, no Temporal."""
