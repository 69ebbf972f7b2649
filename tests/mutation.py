"""Changes one member of a document at a time, for tests of what reads documents of any shape."""

#: In place of a new value: the member is removed.
GONE = object()


def places(value, at=()):
    """Yield the key path of each member, and that of the whole, which is empty."""
    yield at
    listed = enumerate(value if isinstance(value, list) else ())
    for key, each in value.items() if isinstance(value, dict) else listed:
        yield from places(each, (*at, key))


def changed(value, at, new):
    """Return a copy with another value at a key path."""
    if not at:
        return new
    copied = dict(value) if isinstance(value, dict) else list(value)
    if new is GONE and len(at) == 1:
        del copied[at[0]]
    else:
        copied[at[0]] = changed(copied[at[0]], at[1:], new) if at[1:] else new
    return copied


def member(value, at):
    """Return the member at a key path."""
    for key in at:
        value = value[key]
    return value
