"""Requirements -> a resolution: a PubGrub search whose state is a value, what it asks for, and why it found nothing.

May not know: disks, networks, environments of this machine (it sees the world through `ports.MetadataSource`).
"""
