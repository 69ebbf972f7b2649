"""What each term of an objective does at one batch: values, gradients, and how the terms agree."""
