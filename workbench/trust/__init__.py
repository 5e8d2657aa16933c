"""What comes from elsewhere decides nothing: who may name a place, and how files are written where others may be."""
