"""The rules that the whole repository keeps: functions from a tree to the offences found in it."""
