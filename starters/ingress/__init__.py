"""The web server by which events, mail and opt-outs come in."""
