"""What a person or a script enters for a provider, checked at its field."""
