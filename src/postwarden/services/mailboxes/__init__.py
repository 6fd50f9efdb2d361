"""What the owner of mail does with it, whatever the protocol.

The actor is an owner, or an administrator in his place (`services.owners`). What is
not in the own account does not exist.
"""
