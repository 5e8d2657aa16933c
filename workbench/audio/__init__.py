"""Audio: read files, apply an audio configuration, align words."""
