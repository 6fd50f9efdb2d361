"""Other systems' message tracking logs: into the ledger, and the ledger as one."""
