"""In and out: specs from the configurations of other libraries, and from a spec to plain Python."""
