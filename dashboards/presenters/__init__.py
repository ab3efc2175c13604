"""Selectors in, frozen page objects out: everything a template shows, decided before it is rendered."""
