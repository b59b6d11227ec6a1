"""torchvision's data sets as ganbench knows them before one is read: shapes, files, licences.

Files are what their authors distribute: where a download fails, name, size, SHA-256 and folder are
what it takes to fetch them by hand. Never imports torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ganbench import DataInfo, Parameter

DEBIAN_FASHION = Path("/usr/share/datasets/fashion-mnist")
READERS = "ganbench_plugins.datasets.torchvision_readers"


SHA256 = dict(
    line.split()
    for line in """\
f68b3c2dcbeaaa9fbdd348bbdeb94873 440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609
d53e105ee54ea40749a09fcbcd1e9432 3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c
9fb629c4189551a2d022fa330f9573f3 8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6
ec29112dd5afa0611ce80d1b7f02629c f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6
8d4fb7e6c68d591d4c3dfef9ec88bf0d 3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84
25c81989df183df01b3e8a0aad5dffbe a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845
bef4ecab320f06d8554ea6380940ec79 346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073
bb300cfdad3c16e7a12a480ee83cd310 67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5
bdb82020997e1d708af4cf47b453dcf7 51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4
e144d726b3acfaa3e44228e80efcd344 e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17
5c965bf0a639b31b8f53240b1b52f4d7 edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5
7320c461ea6c1c855c0b718fb2a4b134 20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c
58c8d27c78d21e728a6bc7b3cc06412e fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e
e26dedcc434d2e4c54c9b2d4a06d8373 435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8
eb5a983be6a315427106f1b164d9cef3 cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b
c58f30108f718f92721af3b95e74349a 6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce
eb9058c3a382ffc7106e4002c42a8d85 85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7
91f7769df0f17e558f3565bffb0c7dfb f31fd99273a1acb8609c8db427cebb1de3f71de77758cdc0e22956e1289b9866
00d2c5bc6d35e252742224ab0c1e8fcb 46fb89443c578308acf364d7d379fe1b9efb793042c0af734b6112e4fd3a8c74
75e246fa4810816ffd6ee81facbd244c f0e5da289d5ccf75ffe8811132694922b60f2af59256ed362afa03fefba324d0
32bd1bd63d3c78cd57e08160ec5ed1e2 c6143857c3e2630ac2da9f782e9c1232e5e59be993a9d44e8a7916c78a6158c0
00566efa6fedff7a56946cd1c10f1c16 7487a82e57c4bb956c5445ae2df4a91ffa717e903c5fa22874ede0820c8ec41b
cc24ecafdb5b50baae59b03474781f8c 6c02a87569907f6db2ba99019085697596730e8129f67a3d61659f198c48d43b
d32c9cbf5e040fd4025c592c306e6668 fc955bcb3ef8fbdf7d5640d9a8693a8431b5f2ee291a5c1449a1549e7e073fe7
""".splitlines()
)
"""MD5 of a file, which torchvision checks -> its SHA-256, as TensorFlow's data sets have it."""


@dataclass(frozen=True, slots=True)
class File:
    """A file to fetch.

    Args:
        name: as its authors have it.
        size: in bytes.
        md5: of its content.
        url: where it is.
    """

    name: str
    size: int
    md5: str
    url: str

    def __str__(self) -> str:
        name = "" if self.url.endswith(self.name) else f"{self.name} of "
        return f"{name}{self.url} ({self.size:,} bytes, sha256 {SHA256[self.md5]})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One of torchvision's data sets.

    Args:
        name: here.
        cls: name of the class in `torchvision.datasets`.
        files: what that class reads, or the directory of it, below the root; with the data set's
            own parameters in braces.
        fetch: the files to fetch by hand, and the directory below the root to put them in.
        describe: shape and classes, of the data set's own parameters.
        reader: name of the function in `torchvision_readers` that reads both splits.
        description, paper, licence: as in a spec.
        parameters: of its own, beside root and download.
        unpacks: whether torchvision unpacks the files that were fetched by hand, with no network.
        debian: directory where a Debian package puts its IDX files, and that package's name.
    """

    name: str
    cls: str
    files: str
    fetch: tuple[tuple[File, ...], str]
    describe: Callable[..., DataInfo]
    reader: str
    description: str
    paper: str
    licence: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    unpacks: bool = True
    debian: tuple[Path, str] | None = None


def _fixed(name: str, shape: tuple[int, int, int], classes: int) -> Callable[..., DataInfo]:
    info = DataInfo(name=name, modality="image", shape=shape, classes=classes)
    return lambda **_: info


def _idx(base: str, *files: tuple[str, int, str]) -> tuple[File, ...]:
    """The four files of MNIST and its successors, which have the same names."""
    return tuple(
        File(f"{stem}-ubyte.gz", size, md5, f"{base}{stem}-ubyte.gz") for stem, size, md5 in files
    )


EMNIST_CLASSES = {"balanced": 47, "letters": 26, "digits": 10, "mnist": 10, "byclass": 62}
"""Part of EMNIST -> its classes."""


def _emnist(part: str = "balanced") -> DataInfo:
    classes = EMNIST_CLASSES[part]
    return DataInfo(
        name=f"emnist[part={part}]", modality="image", shape=(1, 28, 28), classes=classes
    )


def _stl10(side: int = 96, labelled: bool = False) -> DataInfo:
    what = f"stl10[labelled={str(labelled).lower()},side={side}]"
    classes = 10 if labelled else None
    return DataInfo(name=what, modality="image", shape=(3, side, side), classes=classes)


def _celeba(side: int = 64, crop: int = 148) -> DataInfo:
    return DataInfo(
        name=f"celeba[crop={crop},side={side}]", modality="image", shape=(3, side, side)
    )


_SIDE = "height and width in pixels; less than stored: antialiased"

SOURCES = (
    Source(
        name="mnist",
        cls="MNIST",
        files="MNIST/raw/train-images-idx3-ubyte",
        fetch=(
            _idx(
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
                ("train-images-idx3", 9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
                ("train-labels-idx1", 28_881, "d53e105ee54ea40749a09fcbcd1e9432"),
                ("t10k-images-idx3", 1_648_877, "9fb629c4189551a2d022fa330f9573f3"),
                ("t10k-labels-idx1", 4_542, "ec29112dd5afa0611ce80d1b7f02629c"),
            ),
            "MNIST/raw",
        ),
        describe=_fixed("mnist", (1, 28, 28), 10),
        reader="in_memory",
        description="70,000 handwritten digits of 28x28, grey; 60,000 train, 10,000 held out",
        paper="LeCun et al. 1998, Gradient-based learning applied to document recognition",
        licence="CC BY-SA 3.0 (as Keras documents it)",
    ),
    Source(
        name="fashion-mnist",
        cls="FashionMNIST",
        files="FashionMNIST/raw/train-images-idx3-ubyte",
        fetch=(
            _idx(
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
                ("train-images-idx3", 26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
                ("train-labels-idx1", 29_515, "25c81989df183df01b3e8a0aad5dffbe"),
                ("t10k-images-idx3", 4_422_102, "bef4ecab320f06d8554ea6380940ec79"),
                ("t10k-labels-idx1", 5_148, "bb300cfdad3c16e7a12a480ee83cd310"),
            ),
            "FashionMNIST/raw",
        ),
        describe=_fixed("fashion-mnist", (1, 28, 28), 10),
        reader="in_memory",
        description="70,000 pieces of clothing of 28x28, grey; 60,000 train, 10,000 held out",
        paper="Xiao et al. 2017, Fashion-MNIST, arXiv:1708.07747",
        licence="MIT",
        debian=(DEBIAN_FASHION, "dataset-fashion-mnist"),
    ),
    Source(
        name="kmnist",
        cls="KMNIST",
        files="KMNIST/raw/train-images-idx3-ubyte",
        fetch=(
            _idx(
                "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
                ("train-images-idx3", 18_165_135, "bdb82020997e1d708af4cf47b453dcf7"),
                ("train-labels-idx1", 29_497, "e144d726b3acfaa3e44228e80efcd344"),
                ("t10k-images-idx3", 3_041_136, "5c965bf0a639b31b8f53240b1b52f4d7"),
                ("t10k-labels-idx1", 5_120, "7320c461ea6c1c855c0b718fb2a4b134"),
            ),
            "KMNIST/raw",
        ),
        describe=_fixed("kmnist", (1, 28, 28), 10),
        reader="in_memory",
        description="70,000 cursive hiragana of 28x28, grey; 60,000 train, 10,000 held out",
        paper="Clanuwat et al. 2018, Deep Learning for Classical Japanese Literature, "
        "arXiv:1812.01718",
        licence="CC BY-SA 4.0",
    ),
    Source(
        name="emnist",
        cls="EMNIST",
        files="EMNIST/raw/emnist-{part}-train-images-idx3-ubyte",
        fetch=(
            (
                File(
                    "gzip.zip",
                    561_753_746,
                    "58c8d27c78d21e728a6bc7b3cc06412e",
                    "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip",
                ),
            ),
            "EMNIST/raw",
        ),
        describe=_emnist,
        reader="emnist",
        description="handwritten letters and digits of 28x28, grey, upright; 112,800 train and "
        "18,800 held out of 47 classes, or another part",
        paper="Cohen et al. 2017, EMNIST, arXiv:1702.05373",
        licence="public domain (NIST Special Database 19)",
        parameters={
            "part": Parameter(
                default="balanced", choices=tuple(EMNIST_CLASSES), help="which of its splits"
            )
        },
    ),
    Source(
        name="svhn",
        cls="SVHN",
        files="SVHN/train_32x32.mat",
        fetch=(
            (
                File(
                    "train_32x32.mat",
                    182_040_794,
                    "e26dedcc434d2e4c54c9b2d4a06d8373",
                    "http://ufldl.stanford.edu/housenumbers/train_32x32.mat",
                ),
                File(
                    "test_32x32.mat",
                    64_275_384,
                    "eb5a983be6a315427106f1b164d9cef3",
                    "http://ufldl.stanford.edu/housenumbers/test_32x32.mat",
                ),
            ),
            "SVHN",
        ),
        describe=_fixed("svhn", (3, 32, 32), 10),
        reader="svhn",
        description="99,289 house numbers of 32x32, colour; 73,257 train, 26,032 held out",
        paper="Netzer et al. 2011, Reading Digits in Natural Images with Unsupervised Feature "
        "Learning",
        licence="non-commercial use only",
    ),
    Source(
        name="cifar10",
        cls="CIFAR10",
        files="cifar-10-batches-py",
        fetch=(
            (
                File(
                    "cifar-10-python.tar.gz",
                    170_498_071,
                    "c58f30108f718f92721af3b95e74349a",
                    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
                ),
            ),
            "",
        ),
        describe=_fixed("cifar10", (3, 32, 32), 10),
        reader="in_memory",
        description="60,000 photographs of 32x32, colour; 50,000 train, 10,000 held out",
        paper="Krizhevsky 2009, Learning multiple layers of features from tiny images",
        licence="none stated by its authors",
    ),
    Source(
        name="cifar100",
        cls="CIFAR100",
        files="cifar-100-python",
        fetch=(
            (
                File(
                    "cifar-100-python.tar.gz",
                    169_001_437,
                    "eb9058c3a382ffc7106e4002c42a8d85",
                    "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
                ),
            ),
            "",
        ),
        describe=_fixed("cifar100", (3, 32, 32), 100),
        reader="in_memory",
        description="60,000 photographs of 32x32 in 100 classes; 50,000 train, 10,000 held out",
        paper="Krizhevsky 2009, Learning multiple layers of features from tiny images",
        licence="none stated by its authors",
    ),
    Source(
        name="stl10",
        cls="STL10",
        files="stl10_binary",
        fetch=(
            (
                File(
                    "stl10_binary.tar.gz",
                    2_640_397_119,
                    "91f7769df0f17e558f3565bffb0c7dfb",
                    "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
                ),
            ),
            "",
        ),
        describe=_stl10,
        reader="stl10",
        description="photographs of 96x96 or smaller, colour; 100,000 unlabelled ones or 5,000 "
        "labelled ones train, 8,000 held out",
        paper="Coates et al. 2011, An Analysis of Single-Layer Networks in Unsupervised Feature "
        "Learning",
        licence="none stated by its authors (images of ImageNet)",
        parameters={
            "side": Parameter(default=96, minimum=8, maximum=96, help=_SIDE),
            "labelled": Parameter(
                default=False, help="train on the 5,000 of ten classes instead of the unlabelled"
            ),
        },
    ),
    Source(
        name="celeba",
        cls="CelebA",
        files="celeba/img_align_celeba",
        unpacks=False,
        fetch=(
            (
                File(
                    "img_align_celeba.zip",
                    1_443_490_838,
                    "00d2c5bc6d35e252742224ab0c1e8fcb",
                    "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
                ),
                *(
                    File(name, size, md5, "the same page")
                    for name, size, md5 in (
                        ("list_attr_celeba.txt", 26_721_026, "75e246fa4810816ffd6ee81facbd244c"),
                        ("identity_CelebA.txt", 3_424_458, "32bd1bd63d3c78cd57e08160ec5ed1e2"),
                        ("list_bbox_celeba.txt", 6_082_035, "00566efa6fedff7a56946cd1c10f1c16"),
                        (
                            "list_landmarks_align_celeba.txt",
                            12_156_055,
                            "cc24ecafdb5b50baae59b03474781f8c",
                        ),
                        ("list_eval_partition.txt", 2_836_386, "d32c9cbf5e040fd4025c592c306e6668"),
                    )
                ),
            ),
            "celeba",
        ),
        describe=_celeba,
        reader="celeba",
        description="aligned faces, their central square of 148 pixels resized; 162,770 train, "
        "19,962 held out (its test split; the validation split is not used)",
        paper="Liu et al. 2015, Deep Learning Face Attributes in the Wild, arXiv:1411.7766",
        licence="non-commercial research only",
        parameters={
            "side": Parameter(default=64, minimum=8, maximum=178, help=_SIDE),
            "crop": Parameter(
                default=148,
                minimum=64,
                maximum=178,
                help="side of the central square; 108 is DCGAN's, and other data",
            ),
        },
    ),
)
