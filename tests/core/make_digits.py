"""Write optcourse/digits.npz from scikit-learn's copy of the digits: needed again only if the file is ever
lost.

    python tests/core/make_digits.py

The data: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
Repository (1998), its test part, CC BY 4.0. Pixels are whole numbers 0 ... 16, stored in one byte each.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

TARGET = Path(__file__).parents[2] / "optcourse" / "digits.npz"


def main() -> None:
    digits = load_digits()
    np.savez_compressed(TARGET, images=digits.images.astype(np.uint8), y=digits.target.astype(np.uint8))
    print(f"{TARGET}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
