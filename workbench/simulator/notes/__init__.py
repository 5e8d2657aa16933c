"""Ambient documentation and form filling: from finals to notes, forms and webhooks."""
