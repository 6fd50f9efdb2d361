"""The SmarterMail dialect: `/api/v1`, for scripts and tools written for that server.

docs/dialects/smartermail.md says what is offered, and how it differs.
"""
