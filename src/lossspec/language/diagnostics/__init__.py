"""Problems with their place in a file: finding, rendering and fixing them."""
