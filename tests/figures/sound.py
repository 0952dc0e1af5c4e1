"""What every picture must keep to, whatever it shows."""

from __future__ import annotations

from harvdiag.figures.drawing import Drawing
from harvdiag.figures.palette import DARK, LIGHT, contrast_ratio
from harvdiag.figures.scene import Area, Item, Scene

__all__ = ["check", "words"]

READABLE = 4.5


def check(scene: Scene) -> None:
    """Words for all, no text over another or beyond the edge, contrast in both themes, and keys that are their own."""
    assert scene.title.strip()
    assert len(scene.alt.split()) >= 5
    for item in scene.items:
        _inside(item, Area(0, 0, scene.width, scene.height))
    _apart(scene)
    for text in scene.texts:
        for colours in (LIGHT, DARK):
            ratio = contrast_ratio(colours[text.ink], colours[text.on])
            assert ratio >= READABLE, f"{text.text!r}: {text.ink} on {text.on} has {ratio:.1f} : 1"
    keys = [item.key for item in scene.items if item.key]
    assert len(keys) == len(set(keys))
    loose = {key for item in scene.items for key in item.of} - set(keys)
    assert not loose, f"ties to what is not in the picture: {sorted(loose)[:3]}"


def words(drawing: Drawing) -> str:
    """All that is written in the picture."""
    return " ".join(text.text for text in drawing.scene.texts)


def _inside(item: Item, paper: Area) -> None:
    area, told = item.area, f"beyond the edge: {item.role} {item.key} {item.area} {[t.text for t in item.texts]}"
    assert area.x >= -0.5, told
    assert area.y >= -0.5, told
    assert area.right <= paper.right + 0.5, told
    assert area.bottom <= paper.bottom + 0.5, told


def _apart(scene: Scene) -> None:
    texts = sorted((text for text in scene.texts if text.text.strip()), key=lambda text: text.area.y)
    for at, one in enumerate(texts):
        for other in texts[at + 1 :]:
            if other.area.y >= one.area.bottom:
                break
            assert not one.area.overlaps(other.area), f"one over the other: {one.text!r} and {other.text!r}"
