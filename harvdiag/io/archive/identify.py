"""Identifies a file that is not a zip archive by its first bytes."""

from __future__ import annotations

__all__ = ["identify_file"]

_MAGIC = (
    (b"\x1f\x8b", "a gzip file", "unpack it with `gzip -d` or `tar xzf` and give the result"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it with `7z x` and give the folder"),
    (b"Rar!\x1a\x07", "a RAR archive", "unpack it and give the folder"),
    (b"\xfd7zXZ\x00", "an xz file", "unpack it with `xz -d` or `tar xJf` and give the result"),
    (b"BZh", "a bzip2 file", "unpack it with `bzip2 -d` or `tar xjf` and give the result"),
    (b"\x28\xb5\x2f\xfd", "a zstd file", "unpack it with `zstd -d` and give the result"),
    (b"%PDF-", "a PDF", "give the support bundle itself"),
    (b"\x89PNG", "an image", "give what the picture shows as text"),
    (b"\xff\xd8\xff", "an image", "give what the picture shows as text"),
    (b"GIF8", "an image", "give what the picture shows as text"),
    (b"\x7fELF", "a program", "give the support bundle itself"),
)
_MARKUP = (b"<!doctype html", b"<html", b"<?xml", b"<head", b"<body")


def identify_file(head: bytes) -> tuple[str, str]:
    """Return what a file with these first 512 bytes seems to be, and what to do about it."""
    if not head:
        return "an empty file", "download or copy it again"
    for magic, what, remedy in _MAGIC:
        if head.startswith(magic):
            return what, remedy
    if head[257:262] == b"ustar":
        return "a tar archive", "unpack it with `tar xf` and give the folder"
    return _identify_text(head.removeprefix(b"\xef\xbb\xbf").lstrip().lower())


def _identify_text(head: bytes) -> tuple[str, str]:
    if head.startswith(_MARKUP):
        return "a web page", "perhaps the error page of a failed download: get the support bundle again"
    if head.startswith((b"{", b"[")):
        return "JSON", "name it .json, or give a folder of such files"
    if head.startswith((b"apiversion:", b"---", b"kind:", b"items:")):
        return "YAML", "name it .yaml, or give a folder of such files"
    if not head.strip(b"\0"):
        return "a file of zeros", "the download or the copy failed: get it again"
    return "an unknown format", "give a Harvester support bundle (.zip), or a folder"
