"""Other mail systems, started privately on loopback to be measured beside ours.

Each module is a script that anyone can run, as root, on Debian and its kin:

    python -m bench.peers.dovecot      Dovecot alone, LMTP in, Maildir behind
    python -m bench.peers.postfix      Postfix in front of such a Dovecot

They use a directory of their own and free ports, touch nothing under /etc or /var,
and end with the script.
"""
