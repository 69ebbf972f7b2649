"""Says in plain text what a loss type, balancer, schedule or spec is, for the command line and editors."""
