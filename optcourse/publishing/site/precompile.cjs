// Run by node while the site is built: Pyodide compiles what the lessons import, so that no reader's browser has to; the rest stays as text,
// which is smaller. Files carry the paths under which they will lie: a check tells a learner's lines from a library's by them.
// node precompile.cjs DISTRIBUTION PACKAGES.zip STDLIB_OUT.zip PACKAGES_OUT.zip

const fs = require("node:fs"), path = require("node:path");
const [folder, packages, ...out] = process.argv.slice(2).map((name) => path.resolve(name));

const COMPILE = `
import importlib, importlib.util, io, pkgutil, site, sys, zipfile
from importlib._bootstrap_external import _code_to_hash_pyc

def compiled(data, base, optimize):
    given, made = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        def write(name, content):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
        for name in sorted(given.namelist()):
            source = given.read(name)
            if name.endswith("/"):
                continue
            if f"{base}/{name}" not in used:
                write(name, source)
                continue
            code = compile(source, f"{base}/{name}", "exec", dont_inherit=True, optimize=optimize)
            binary = _code_to_hash_pyc(code, importlib.util.source_hash(source), checked=False)
            if name.startswith("optcourse/") and not name.startswith(("optcourse/explorers/", "optcourse/figures/")):
                # with its source: checks read that of the references, to make mistakes in it
                write(name, source)
                folder, _, stem = name.rpartition("/")
                write(f"{folder}/__pycache__/{stem[:-3]}.{sys.implementation.cache_tag}.pyc", bytes(binary))
            else:
                write(f"{name}c", bytes(binary))
    return made.getvalue()

import optcourse.inpage, optcourse.explorers, optcourse.exercises, contourpy

for package in (optcourse.explorers, optcourse.exercises):
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith("lesson_"):
            importlib.import_module(f"{package.__name__}.{module.name}")
used = {module.__file__ for module in list(sys.modules.values()) if str(getattr(module, "__file__", "")).endswith(".py")}
library = next(place for place in sys.path if place.endswith(".zip"))
stdlib_out = compiled(bytes(stdlib.to_py()), library, 2)  # without what only help() would say; NumPy does not start so
packages_out = compiled(bytes(packages.to_py()), site.getsitepackages()[0], 0)
`;

(async () => {
  const { loadPyodide } = require(path.join(folder, "pyodide.js"));
  const python = await loadPyodide({ indexURL: folder + path.sep });
  python.globals.set("stdlib", new Uint8Array(fs.readFileSync(path.join(folder, "python_stdlib.zip"))));
  const site = python.runPython("import site; site.getsitepackages()[0]");
  python.unpackArchive(new Uint8Array(fs.readFileSync(packages)), "zip", { extractDir: site });
  python.globals.set("packages", new Uint8Array(fs.readFileSync(packages)));
  python.runPython(COMPILE);
  ["stdlib_out", "packages_out"].forEach((name, k) => fs.writeFileSync(out[k], python.globals.get(name).toJs()));
})().catch((error) => { console.error(error.message); process.exit(1); });
