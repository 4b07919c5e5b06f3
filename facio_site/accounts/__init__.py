"""Accounts: the first owner, roles, invitations, sign-in rules. Providers and routes stay out."""
