"""Text in UTF-16, as spreadsheets save "Unicode text", as a stream of UTF-8 that is never held as a whole."""

from __future__ import annotations

import codecs
import io
from typing import BinaryIO

MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
"""What such a text begins with."""


def recoded(stream: BinaryIO) -> BinaryIO:
    """The stream from its beginning, in UTF-8 where its mark says that it is in UTF-16; others as they stand."""
    coding = MARKS.get(stream.read(2))
    if coding is None:
        stream.seek(0)
        return stream
    return io.BufferedReader(_Recoded(stream, coding))


class _Recoded(io.RawIOBase):
    """Bytes in UTF-8 of a stream in another coding; what is no text there becomes the sign for that."""

    def __init__(self, stream: BinaryIO, coding: str):
        self._stream, self._rest = stream, b""
        self._decoder = codecs.getincrementaldecoder(coding)(errors="replace")

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._stream.close()
        super().close()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest and (data := self._stream.read(len(buffer))):
            self._rest = self._decoder.decode(data).encode("utf-8", errors="replace")
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count
