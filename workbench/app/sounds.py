"""Sound for the browser: files that Streamlit serves itself, in ranges, from memory, as long as a page shows them."""

from __future__ import annotations

__all__ = ["sound_url"]


def sound_url(wav: bytes, place: str) -> str | None:
    """Where the browser of this session finds a WAV file; None if there is no server (a test of a page alone).

    Args:
        wav: the file.
        place: names the place on the page; the same place at the next rerun takes the other's room.
    """
    from streamlit import runtime

    if not runtime.exists():
        return None
    # The path that ``st.audio`` takes: the file goes when no page of the session shows it any more.
    return runtime.get_instance().media_file_mgr.add(wav, "audio/wav", place)
