"""Plays recorded HTTP exchanges against an app, and says where its answers differ.

    player = Player(through(Client(app)), kinds=JAMES, variables={"group": "x"})
    assert await player.play(james.read(path)) == []

Three forms are read: `james` and `stalwart`, in which what running servers of those
systems answered has been recorded, and `documented`, in which we write down what a
system's documents say. Each becomes the same `Step`s.
"""
