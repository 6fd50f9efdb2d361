"""Autodiscover: where a client finds EWS, in the three forms that clients ask in."""
