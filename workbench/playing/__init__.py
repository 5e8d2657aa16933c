"""Sessions in time: plan, pacer, stream, session, runner. Knows no disk and no score."""
