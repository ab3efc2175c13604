"""From an error in a service to a pixel and a flag, and back: every part real."""
