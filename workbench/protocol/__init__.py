"""Wire protocol: typed messages, codecs, session states. Pure; client and simulator share it."""
