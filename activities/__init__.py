"""How it is done: activities with injected clients, the ledger, the vendors."""
