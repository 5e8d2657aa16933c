"""Whisper as a streaming recogniser that writes: punctuation, capitals, digits and units.

::

    weights, fetch     which files, where they are kept, how they get there
    features           samples -> log-mel spectrogram
    tokens             token ids <-> text
    model              one loaded model: transcribe a piece of audio, align its words
    guards             what of that is believed
    speech             where somebody speaks
    stream             the state machine of one stream: segments, partials, finals
    variants           models to practise on
    engine, worker     many streams on one model, in threads of one process
    offline            a whole recording at once

House rule: text is a function of the audio alone. Every pass is triggered by a count of samples, never by the clock,
the load, or how the audio was cut into chunks.
"""
