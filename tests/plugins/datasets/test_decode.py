"""Every format and mode that is taken, to the pixels that it means; or a reason why it is not."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, features

from ganbench import UsageError
from ganbench_plugins.datasets.decode import Form, Undecodable, decode
from ganbench_plugins.datasets.folder import describe, load
from ganbench_plugins.datasets.looks import look_at

RAMP = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4
"""All values of grey are different ones."""

DEEP = RAMP.astype(np.uint16) * 257
"""The same in 16 bits: 255 is 65,535."""


def pixels(file: Path, **form: object) -> NDArray[np.uint8]:
    """(C, 8, 8)."""
    found: NDArray[np.uint8] = decode(file, Form(side=8, **form)).numpy()  # type: ignore[arg-type]
    return found


def png(file: Path, samples: NDArray[np.uint16]) -> None:
    """A colour PNG of 16 bits a channel, which Pillow reads and does not write."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    height, width, _ = samples.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def deep_files(folder: Path) -> list[Path]:
    """One file of each kind that has 16 bits a channel."""
    big = DEEP.astype(">u2").tobytes()
    colour = np.repeat(DEEP[:, :, None], 3, axis=2)
    (folder / "grey.pgm").write_bytes(b"P5 8 8 65535\n" + big)
    (folder / "colour.ppm").write_bytes(b"P6 8 8 65535\n" + colour.astype(">u2").tobytes())
    Image.fromarray(DEEP).save(folder / "grey.png")
    Image.fromarray(DEEP).save(folder / "grey.tif")
    png(folder / "colour.png", colour)
    return sorted(folder.iterdir())


@pytest.mark.parametrize("suffix", ["png", "bmp", "gif", "tif", "pgm", "tga", "pnm"])
def test_formats_without_loss_keep_every_bit(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"a.{suffix}"
    Image.fromarray(RAMP).save(file, "PPM" if suffix == "pnm" else None)
    np.testing.assert_array_equal(pixels(file, grey=True)[0], RAMP)
    np.testing.assert_array_equal(pixels(file), np.stack([RAMP] * 3))


LOSSY = ["jpg", "jpe", "jfif", "webp", "jp2", *(["avif"] if features.check("avif") else [])]
"""AVIF is a part of newer releases of Pillow; an older one reads none."""


@pytest.mark.parametrize("suffix", LOSSY)
def test_formats_with_loss_are_close(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"a.{suffix}"
    known = {"jpe": "JPEG", "jfif": "JPEG"}.get(suffix)
    Image.fromarray(RAMP).convert("RGB").save(file, known, quality=95)
    assert np.abs(pixels(file, grey=True)[0].astype(int) - RAMP).max() < 40


def test_a_bitmap_of_one_bit(tmp_path: Path) -> None:
    file = tmp_path / "a.pbm"
    file.write_bytes(b"P1\n8 8\n" + b"1 0 " * 32)
    assert np.unique(pixels(file, grey=True)).tolist() == [0, 255]


def test_sixteen_bits_are_refused_with_a_way_to_ask_for_them(tmp_path: Path) -> None:
    count = len(deep_files(tmp_path))
    with pytest.raises(UsageError, match=rf"{count} of {count} .*; 16 bits a channel: ") as error:
        describe(path=str(tmp_path))
    assert "[bits=16] scales 16 bits to 8" in str(error.value.hint)
    survey = describe(path=str(tmp_path), bits=16)
    assert f"{count} of 16 bits: scaled to 8" in survey.notes[-1]


def test_sixteen_bits_are_scaled_and_not_cut(tmp_path: Path) -> None:
    for file in deep_files(tmp_path):
        assert look_at(str(file)).bits == 16, file.name
        found = pixels(file, grey=True)[0].astype(int)
        # Of colours Pillow keeps the upper half of each value; of greys nothing is lost.
        assert np.abs(found - RAMP).max() <= (1 if file.stem == "colour" else 0), file.name


def test_thirty_two_bits_have_no_scale(tmp_path: Path) -> None:
    for mode in ("F", "I"):
        file = tmp_path / f"{mode}.tif"
        Image.new(mode, (8, 8)).save(file)
        with pytest.raises(Undecodable, match=f"mode {mode} has 32 bits a channel"):
            decode(file, Form(side=8))
    with pytest.raises(UsageError, match="32 bits a channel"):
        describe(path=str(tmp_path), bits=16)


HALF = (200, 100, 50, 128)


@pytest.mark.parametrize(
    ("alpha", "colour"),
    [
        ("over-white", [227, 177, 152]),
        ("over-black", [100, 50, 25]),
        ("keep", [200, 100, 50, 128]),
    ],
)
def test_transparency_is_laid_over_or_kept(tmp_path: Path, alpha: str, colour: list[int]) -> None:
    file = tmp_path / "a.png"
    Image.new("RGBA", (8, 8), HALF).save(file)
    found = pixels(file, alpha=alpha)
    assert found.shape == (len(colour), 8, 8)
    np.testing.assert_allclose(found[:, 0, 0], colour, atol=1)
    info = describe(path=str(tmp_path), side=8, alpha=alpha, heldout="").info
    assert info.shape == found.shape


def test_kept_transparency_of_grey_is_a_second_channel(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    Image.new("LA", (8, 8), (77, 128)).save(file)
    np.testing.assert_array_equal(pixels(file, grey=True, alpha="keep")[:, 0, 0], [77, 128])
    Image.new("RGB", (8, 8), "red").save(file)  # what has none is opaque
    assert (pixels(file, alpha="keep")[3] == 255).all()


def test_hidden_colours_do_not_leak_into_kept_ones(tmp_path: Path) -> None:
    """Where nothing is seen, resizing must not mix what stands there with what is seen."""
    samples = np.zeros((16, 16, 4), dtype=np.uint8)
    samples[:, :9] = (255, 0, 0, 0)
    samples[:, 9:] = (0, 0, 255, 255)
    file = tmp_path / "a.png"
    Image.fromarray(samples).save(file)
    red, _, blue, alpha = pixels(file, alpha="keep")
    seen = alpha > 60
    assert red[seen].max() < 10
    assert blue[seen].min() > 245


def test_palettes_are_colours_and_may_be_transparent(tmp_path: Path) -> None:
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, 10, 200, 30])
    image.save(tmp_path / "a.png")
    np.testing.assert_array_equal(pixels(tmp_path / "a.png")[:, 0, 0], [10, 200, 30])
    image.save(tmp_path / "b.png", transparency=1)
    assert (pixels(tmp_path / "b.png") == 255).all()
    assert look_at(str(tmp_path / "b.png")).alpha


def test_print_colours_are_made_screen_colours(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    Image.new("CMYK", (8, 8), (255, 0, 0, 0)).save(file, quality=95)
    red, green, blue = pixels(file)[:, 0, 0].astype(int)
    assert red < 10
    assert min(green, blue) > 245
    assert look_at(str(file)).mode == "CMYK"


def test_the_first_page_is_taken_and_told(tmp_path: Path) -> None:
    pages = [Image.new("L", (8, 8), grey) for grey in (10, 100, 200)]
    for name in ("a.gif", "a.tif", "a.webp", "a.png"):
        pages[0].save(tmp_path / name, save_all=True, append_images=pages[1:])
        assert look_at(str(tmp_path / name)).several, name
        assert abs(int(pixels(tmp_path / name, grey=True)[0, 0, 0]) - 10) < 5, name
    assert not look_at(str(save_one(tmp_path))).several


def save_one(folder: Path) -> Path:
    Image.fromarray(RAMP).save(folder / "one.png")
    return folder / "one.png"


def test_what_is_asked_for_is_what_is_loaded(tmp_path: Path) -> None:
    for number in range(12):
        Image.new("RGBA", (8, 8), (*HALF[:3], 20 * number)).save(tmp_path / f"{number}.png")
    own = {"path": str(tmp_path), "side": 8, "alpha": "keep", "grey": True}
    survey, data = describe(**own), load(**own)
    assert data.info == survey.info
    assert data.info.name == f"images:{tmp_path}[alpha=keep,grey=true,side=8]"
    assert data.train.shape[1:] == (2, 8, 8)


def test_negative_numbers_are_no_shades(tmp_path: Path) -> None:
    """A scan in Hounsfield units: its darkest pixels would come out nearly white."""
    values = np.linspace(-1000, 3000, 64).astype(np.int16).reshape(8, 8)
    entries = (
        *((256, 4, 1, 8), (257, 4, 1, 8), (258, 3, 1, 16), (259, 3, 1, 1), (262, 3, 1, 1)),
        *((273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, 8), (279, 4, 1, 128), (339, 3, 1, 2)),
    )
    packed = [struct.pack("<HHII", *one) for one in entries]
    directory = struct.pack("<H", len(entries)) + b"".join(packed) + bytes(4)
    (tmp_path / "a.tif").write_bytes(
        b"II*\0" + struct.pack("<I", 136) + values.tobytes() + directory
    )
    with pytest.raises(Undecodable, match="negative numbers"):
        decode(tmp_path / "a.tif", Form(side=8))
