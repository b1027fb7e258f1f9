"""The loader: Singer messages in, rows with their bookmark and run log committed in one transaction."""
