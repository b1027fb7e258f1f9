"""Who may do what: passwords, sessions, roles, limits, and what every response and every change must carry."""
