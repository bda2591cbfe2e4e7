"""Pictures of what the kernel does: each a pure view of a still, that is of a few facts.

A picture has three parts: a still (what is shown, as data), `rows` (the still drawn at a size) and
`words` (the same still in one or two sentences, for those who listen).
"""
