"""Reports on a run: series, plots, summaries and the HTML page."""
