"""Is the instrument sound: calibration, capacity and doctor."""
