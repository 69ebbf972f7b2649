"""Recording values: on the host, on a device, in compiled code; collected over ranks."""
