"""Processes of ours: started, watched, ended, and none left behind."""
