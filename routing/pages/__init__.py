"""What pages show about routes and config.json, and the views that draw them."""
