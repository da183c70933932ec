"""Automation files: read strictly, checked completely, every finding with its line."""
