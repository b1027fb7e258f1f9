"""What every tap shares: the raw record, pages with their bookmark, and the fast Singer writer."""
