"""The ways to mail systems elsewhere, one module or folder for each kind.

Each implements `services.ports.MailSystem`, and knows nothing of the others.
"""
