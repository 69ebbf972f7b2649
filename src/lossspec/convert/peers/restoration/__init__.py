"""BasicSR and the frameworks that grew out of it: traiNNer-redux and neosr."""
