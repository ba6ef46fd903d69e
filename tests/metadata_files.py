"""Picture files with metadata: EXIF written by Pillow, IPTC and XMP packed by hand."""

from __future__ import annotations

import struct
import zlib
from typing import Any

from PIL import Image, TiffImagePlugin

from tests.drawing import draw_scene, encode_picture, png_chunk

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "exifEX": "http://cipa.jp/exif/1.0/",
    "aux": "http://ns.adobe.com/exif/1.0/aux/",
    "iptcCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "iptcExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "mediapro": "http://ns.iview-multimedia.com/mediapro/1.0/",
    "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "stArea": "http://ns.adobe.com/xmp/sType/Area#",
    "MP": "http://ns.microsoft.com/photo/1.2/",
    "MPRI": "http://ns.microsoft.com/photo/1.2/t/RegionInfo#",
    "MPReg": "http://ns.microsoft.com/photo/1.2/t/Region#",
}
UTF8 = (1, 90, b"\x1b%G")


def scene_image(seed: int = 1) -> Image.Image:
    return Image.fromarray(draw_scene(seed, 64, 48))


def xmp_packet(body: str, attributes: str = "", before: str = "") -> bytes:
    """An XMP packet with one description, which holds `body`."""
    spaces = " ".join(f'xmlns:{name}="{address}"' for name, address in NAMESPACES.items())
    return (
        f'{before}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'
        f'<rdf:Description rdf:about="" {spaces} {attributes}>{body}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def xmp_list(name: str, *values: str, kind: str = "Bag") -> str:
    """An XMP property with several values."""
    items = "".join(f"<rdf:li>{value}</rdf:li>" for value in values)
    return f"<{name}><rdf:{kind}>{items}</rdf:{kind}></{name}>"


def iptc_block(*datasets: tuple[int, int, bytes]) -> bytes:
    return b"".join(struct.pack(">BBBH", 0x1C, *key, len(value)) + value for *key, value in datasets)


def photoshop_resources(block: bytes, name: bytes = b"") -> bytes:
    """Photoshop's resources: one that Pictor does not read, then IPTC."""
    return photoshop_resource(0x03ED, b"\0" * 15) + photoshop_resource(0x0404, block, name)


def photoshop_resource(number: int, data: bytes, name: bytes = b"") -> bytes:
    called = bytes([len(name)]) + name
    padded = called + b"\0" * (len(called) % 2)
    return (
        b"8BIM"
        + struct.pack(">H", number)
        + padded
        + struct.pack(">I", len(data))
        + data
        + b"\0" * (len(data) % 2)
    )


def jpeg_file(*, exif: bytes = b"", iptc: bytes = b"", xmp: bytes = b"", seed: int = 1) -> bytes:
    """A JPEG file with these blocks of metadata."""
    data = encode_picture(scene_image(seed), "JPEG", **({"exif": exif} if exif else {}))
    parts = [jpeg_segment(0xED, b"Photoshop 3.0\0" + photoshop_resources(iptc))] if iptc else []
    parts += [jpeg_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)] if xmp else []
    return data[:2] + b"".join(parts) + data[2:]


def jpeg_segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def png_file(packet: bytes, *, exif: bytes = b"", compressed: bool = False, seed: int = 1) -> bytes:
    """A PNG file with XMP in an iTXt chunk before its end."""
    data = encode_picture(scene_image(seed), "PNG", **({"exif": exif} if exif else {}))
    text = zlib.compress(packet) if compressed else packet
    chunk = png_chunk(b"iTXt", b"XML:com.adobe.xmp\0" + bytes([compressed, 0]) + b"\0\0" + text)
    return data[:-12] + chunk + data[-12:]


def png_text_file(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG file with these chunks before its end."""
    data = encode_picture(scene_image(), "PNG")
    return data[:-12] + b"".join(png_chunk(kind, content) for kind, content in chunks) + data[-12:]


def big_tiff(order: str, texts: dict[int, bytes]) -> bytes:
    """A BigTIFF of texts by tag, without a picture; the first entry is at byte 24."""
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HHHQ", 43, 8, 0, 16)
    entries, values, start = b"", b"", 16 + 8 + 20 * len(texts) + 8
    for tag, text in texts.items():
        place = text.ljust(8, b"\0") if len(text) <= 8 else struct.pack(order + "Q", start + len(values))
        entries += struct.pack(order + "HHQ", tag, 2, len(text)) + place
        values += text if len(text) > 8 else b""
    return head + struct.pack(order + "Q", len(texts)) + entries + bytes(8) + values


def webp_file(packet: bytes, *, exif: bytes = b"") -> bytes:
    return encode_picture(scene_image(), "WEBP", xmp=packet, **({"exif": exif} if exif else {}))


def tiff_file(packet: bytes, block: bytes, **values: Any) -> bytes:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags.tagtype[700] = tags.tagtype[33723] = 7
    tags[700], tags[33723] = packet, block
    for name, value in values.items():
        tags[{"description": 270, "artist": 315}[name]] = value
    return encode_picture(scene_image(), "TIFF", tiffinfo=tags)


def exif_block(first: dict[int, Any], **directories: dict[int, Any]) -> bytes:
    """EXIF as Pillow writes it: `first` goes into the first directory, `exif` and `gps` into those two."""
    exif = Image.Exif()
    exif.update(first)
    for name, number in (("exif", 0x8769), ("gps", 0x8825)):
        if name in directories:
            exif.get_ifd(number).update(directories[name])
    return exif.tobytes()


def utf16_text(text: str) -> bytes:
    """A text as Windows writes it."""
    return (text + "\0").encode("utf-16-le")


GPS = {1: "N", 2: (48.0, 51.0, 29.6), 3: "W", 4: (2.0, 17.0, 40.2)}
EVERYTHING_XMP = xmp_packet(
    xmp_list("dc:title", "The pier", kind="Alt")
    + xmp_list("dc:description", "Fog over the pier", kind="Alt")
    + xmp_list("dc:subject", "fog", "pier")
    + xmp_list("dc:creator", "Ada Lovelace", kind="Seq")
    + xmp_list("lr:hierarchicalSubject", "Places|England|Brighton")
    + "<photoshop:City>Brighton</photoshop:City>",
    'photoshop:Country="England" xmp:Rating="5"',
)
EVERYTHING_IPTC = iptc_block(
    UTF8,
    (2, 5, "Küste".encode()),
    (2, 120, b"Waves"),
    (2, 25, b"sea"),
    (2, 25, b"storm"),
    (2, 80, b"Grace Hopper"),
    (2, 90, b"Kiel"),
    (2, 101, b"Germany"),
)
EVERYTHING_EXIF = exif_block(
    {
        0x010E: "A boat",
        0x013B: "Jan;Eva",
        0x9C9B: utf16_text("Boat at sea"),
        0x9C9E: utf16_text("boat; sail"),
        0x9C9C: utf16_text("Bought in Kiel"),
    },
    exif={0x9286: b"ASCII\0\0\0On holiday"},
    gps=GPS,
)
