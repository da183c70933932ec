"""Rehearsal: the engine, the templates and the gate's policy on one virtual clock, sending none."""
