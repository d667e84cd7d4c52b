"""Pyodide's releases that the course knows, by the SHA-256 of their files: a reader's browser runs what Pyodide has published.

The files are those of the npm package `pyodide`, whose own sum npm checks; NumPy and contourpy are what the list in it names.
"""

from __future__ import annotations

# The two packages stand here too: a distribution's list may be its owner's. The rest is compared with that list.
SUMS: dict[str, dict[str, str]] = {
    "0.28.3": {
        "pyodide.js": "24a458425dcb4ea9836eb5ce26701d18cb769374e2b79247602ba605bf093278",
        "pyodide.mjs": "635a6da3218fe4e5668da595acfe8b5ce77453d597d602f19a423dd250653441",
        "pyodide.asm.js": "b22e5831eade9ff10e6fe2c811c68688cd91f10154377b4f80debcf5bafa1e56",
        "pyodide.asm.wasm": "5effb6a1a6cc4a1a85bec4622701aa797c031e1de923cbbaf2ad47abdc4ab325",
        "python_stdlib.zip": "71fee17f88a6260ec8c9c7c063533ee59c021fdc88a1ce76247378d3c4a35f4c",
        "numpy": "3db3c4f3e0448f4d62a85c262692f1260ccd8a91335442bd2442f21ffeddb558",
        "contourpy": "3fe3d224ef8129f7be7062cf44c26a38a6cb6a1f07e11e93f33ec502476a40e7",
    },
    "314.0.6": {
        "pyodide.js": "8d653521230f8e92f2e2f587e03f29d3abcdfb1c1744442d06fd8235007adb6b",
        "pyodide.mjs": "69e3f6ccec3e14b465df60be577ca62f536251406b9a00cce019eac5252a2495",
        "pyodide.asm.mjs": "2ac5eba365ec12839c75c03b39b3be1dd63b798852cc460b014b52238be042f7",
        "pyodide.asm.wasm": "3a0a00dfeaa348ac20f9ef09904233d32d33f644339662d4af368f8a2010f37a",
        "python_stdlib.zip": "80c5be6babfe03297069703410c3c29404dcf2525d2b128746bae5536f94831f",
        "numpy": "32959d4137cec8143d75016d029281df3d2e80a232896ed903c2b59e1c44ee9f",
        "contourpy": "d1270323c10ab24141e40a854dcd407625cb4341c9b83301f1111e7db037b57f",
    },
}
