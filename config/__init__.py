"""What to run: settings, connections, automations, templates."""
