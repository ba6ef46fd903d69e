"""Requests whose length two servers may read differently are refused, as RFC 9112 (6.1 and 5.2) allows.

A proxy that trusts another header than this server would take the rest of one visitor's request for the
beginning of the next visitor's: request smuggling.
"""

from __future__ import annotations

from waitress.parser import HTTPRequestParser, ParsingError


class StrictParser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """Waitress's parser, which refuses what it would otherwise interpret."""

    def parse_header(self, header_plus: bytes) -> None:
        """Read the request line and the headers. Raises ParsingError, which is answered with 400."""
        if b"\r\n " in header_plus or b"\r\n\t" in header_plus:
            raise ParsingError("A header goes on in the next line")
        super().parse_header(header_plus)
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("Both Transfer-Encoding and Content-Length")
