"""One module or folder for each page; each has a `page`, which the application finds by itself."""
