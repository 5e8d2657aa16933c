"""What happened in a session: every frame with its times, the record of a session, its clock anchors."""
