"""`postwarden demo`: a small town of mail, and the loop played in it.

`people` and `letters` make the mail, `sending` brings it in through the store's own
ports, `story` plays the commands. Every name in here is invented; every domain is
under .example (RFC 2606 §2).
"""
