"""A look-alike of ManyChat's page API: it knows subscribers by id, e-mail, phone or field, and cannot list them."""
