"""PayPal's look-alike: rows by window and page, published late; everything else by its own address."""
