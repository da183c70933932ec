"""The codec server: decrypts payloads for Temporal's web UI and command line."""
