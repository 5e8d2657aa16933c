"""The simulator's REST routes, one module a dialect and purpose."""
