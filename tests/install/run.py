#!/usr/bin/env python3
"""Every way to install Reckon, each in a clean place: run.py --build BUILD --dist DIST [PART …]

PART: make, spec, wheel, pip, deb. After each, the place must look as before: nothing more, nothing less.
RECKON_TEST_DPKG=1 also installs the Debian package for real, and removes it: as root, on a machine that is thrown away afterwards.
"""
import argparse
import glob
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
sys.path[:0] = [os.path.join(HERE, "..")]
from checks import Checks, clean_up_when_stopped, die_with_parent  # noqa: E402

SPEC = "share/jupyter/kernels/reckon"
SPEC_FILES = {"kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"}
NOWHERE = "http://127.0.0.1:9"  # a proxy that refuses: the net plugin gets as far as the network


def run(*words, env=None, cwd=None, timeout=120):
    """(status, output) with an environment that knows no Jupyter, Python or Reckon but what `env` names."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR", "RECKON_HISTORY", "RECKON_RUNS")}
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**kept, **(env or {})}, cwd=cwd, timeout=timeout)
    return done.returncode, done.stdout


def below(folder):
    """All paths below a folder, but for what Python compiles beside its sources."""
    found = set()
    for at, folders, names in os.walk(folder):
        folders[:] = [f for f in folders if f != "__pycache__"]
        found |= {os.path.relpath(os.path.join(at, name), folder) for name in folders + names}
    return found


def read(*parts):
    with open(os.path.join(*parts), "rb") as stream:
        return stream.read()


def is_elf(path):
    return read(path)[:4] == b"\x7fELF"


def cell_file(folder, text):
    path = os.path.join(folder, "test.cell")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
    return path


def answers(binary, folder):
    status, said = run(binary, "--script", cell_file(folder, "6 * 7"))
    return status == 0 and said.strip() == "42"


def finds_plugins(binary, folder):
    """The net plugin is opened: the error is the network's."""
    env = {"RECKON_CACHE": os.path.join(folder, "cache"), "https_proxy": NOWHERE}
    _, said = run(binary, "--script", cell_file(folder, 'load("ml-latest-small")'), env=env)
    return "NetworkError" in said and "127.0.0.1" in said


def jupyter_answers(kernel_folder):
    """6 * 7 through Jupyter's own client and the kernelspec in that folder."""
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import KernelManager

    specs = KernelSpecManager(kernel_dirs=[os.path.dirname(kernel_folder)], ensure_native_kernel=False)
    manager = KernelManager(kernel_name="reckon", kernel_spec_manager=specs)
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=30)
        found = []
        client.execute_interactive("6 * 7", timeout=30, output_hook=lambda m: found.append(m["content"].get("data", {}).get("text/plain")))
        return "42" in found
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


# --- make install ---


def check_make(check, args, folder):
    make = ["make", "--no-print-directory", "-C", ROOT, f"BUILD={args.build}"]
    prefix = os.path.join(folder, "a prefix & more")
    for mine in ("bin/other", "lib/reckon/mine.so", "share/jupyter/kernels/python3/kernel.json"):
        os.makedirs(os.path.dirname(os.path.join(prefix, mine)))
        open(os.path.join(prefix, mine), "w").close()
    before = below(prefix)
    status, said = run(*make, "install", f"PREFIX={prefix}")
    check.that("make install PREFIX= works, also where a path has a blank", status == 0, said)
    binary = os.path.join(prefix, "bin/reckon-kernel")
    check.that("the installed binary runs", answers(binary, folder))
    check.that("it finds its plugins", finds_plugins(binary, folder))
    check.that("its kernelspec is whole", set(os.listdir(os.path.join(prefix, SPEC))) == SPEC_FILES)
    check.that("Jupyter starts it", jupyter_answers(os.path.join(prefix, SPEC)))
    spec, top = json.loads(read(prefix, SPEC, "kernel.json")), json.loads(read(ROOT, "kernel.json"))
    check.that("kernel.json is the one at the top with the binary's path", spec == {**top, "argv": [binary] + top["argv"][1:]}, spec)
    moved = os.path.join(folder, "moved")
    shutil.copytree(prefix, moved)
    check.that("a moved tree runs", answers(os.path.join(moved, "bin/reckon-kernel"), folder) and finds_plugins(os.path.join(moved, "bin/reckon-kernel"), folder))
    run(os.path.join(moved, "bin/reckon-kernel"), "--install-kernel", "--prefix", moved)
    check.that("and --install-kernel mends its kernelspec", json.loads(read(moved, SPEC, "kernel.json"))["argv"][0] == os.path.join(moved, "bin/reckon-kernel"))
    check.that("installing once more works", run(*make, "install", f"PREFIX={prefix}")[0] == 0)
    status, said = run(*make, "uninstall", f"PREFIX={prefix}")
    check.that("make uninstall leaves exactly what was there before", status == 0 and below(prefix) == before, below(prefix) ^ before)
    status, said = run(*make, "uninstall", f"PREFIX={prefix}")
    check.that("a second uninstall says that nothing is there", status != 0 and "nothing in" in said, said)

    root = os.path.join(folder, "root")
    os.mkdir(root)
    umask = os.umask(0o077)
    status, said = run(*make, "install", "PREFIX=/usr", f"DESTDIR={root}")
    os.umask(umask)
    check.that("DESTDIR is respected", status == 0 and os.access(os.path.join(root, "usr/bin/reckon-kernel"), os.X_OK), said)
    check.that("and isn't in the kernelspec", json.loads(read(root, "usr", SPEC, "kernel.json"))["argv"][0] == "/usr/bin/reckon-kernel")
    closed = [path for path in below(root) if not os.stat(os.path.join(root, path)).st_mode & 0o004]
    check.that("others can read it all, whatever root's umask", not closed, closed)
    check.that("nothing is written beside it", {path.split("/")[0] for path in below(root)} == {"usr"})
    run(*make, "uninstall", "PREFIX=/usr", f"DESTDIR={root}")
    check.that("uninstall DESTDIR= leaves nothing", not below(root), below(root))

    home = os.path.join(folder, "home")
    os.mkdir(home)
    status, said = run(*make, "install", "PREFIX=", env={"HOME": home})
    check.that("make install is for this user", status == 0 and os.path.exists(os.path.join(home, ".local", SPEC, "kernel.json")), said)
    run(*make, "uninstall", "PREFIX=", env={"HOME": home})
    check.that("make uninstall too", not below(home), below(home))


# --- reckon-kernel --install-kernel ---


def check_spec(check, args, folder):
    binary = os.path.join(os.path.realpath(args.build), "reckon-kernel")
    at = {name: os.path.join(folder, name) for name in ("home", "data", "jupyter", "prefix", "venv", "conda")}
    places = {
        "this user's": ([], {"HOME": at["home"]}, f"{at['home']}/.local/{SPEC}"),
        "--user": (["--user"], {"HOME": at["home"], "XDG_DATA_HOME": at["data"]}, f"{at['data']}/jupyter/kernels/reckon"),
        "JUPYTER_DATA_DIR": (["--user"], {"JUPYTER_DATA_DIR": at["jupyter"], "XDG_DATA_HOME": at["data"]}, f"{at['jupyter']}/kernels/reckon"),
        "--prefix": (["--prefix", at["prefix"]], {}, f"{at['prefix']}/{SPEC}"),
        "--sys-prefix in a venv": (["--sys-prefix"], {"VIRTUAL_ENV": at["venv"], "CONDA_PREFIX": at["conda"]}, f"{at['venv']}/{SPEC}"),
        "--sys-prefix in conda": (["--sys-prefix"], {"CONDA_PREFIX": at["conda"]}, f"{at['conda']}/{SPEC}"),
    }
    link = os.path.join(folder, "linked")
    os.symlink(binary, link)
    top = json.loads(read(ROOT, "kernel.json"))
    for name, (options, env, spec) in places.items():
        status, said = run(link, "--install-kernel", *options, env=env)
        check.that(f"{name}: --install-kernel says where", status == 0 and spec in said, said)
        check.that(f"{name}: kernel.json names this binary", json.loads(read(spec, "kernel.json")) == {**top, "argv": [binary] + top["argv"][1:]})
        logos = SPEC_FILES - {"kernel.json"}
        check.that(f"{name}: the logos are the sources'", all(read(spec, logo) == read(ROOT, "install", logo) for logo in logos))
        check.that(f"{name}: a second time works", run(link, "--install-kernel", *options, env=env)[0] == 0)
        if name == "--prefix":
            check.that("Jupyter starts it", jupyter_answers(spec))
            open(os.path.join(spec, "mine"), "w").close()
        status, said = run(link, "--uninstall-kernel", *options, env=env)
        left = set(os.listdir(spec)) if os.path.exists(spec) else set()
        check.that(f"{name}: --uninstall-kernel leaves only what others put there", status == 0 and left == ({"mine"} if name == "--prefix" else set()), said)
        status, said = run(link, "--uninstall-kernel", *options, env=env)
        check.that(f"{name}: and then says that there is none", status == 1 and "no kernelspec" in said, said)
    wrong = {
        "no Python environment": ["--sys-prefix"],
        "needs a folder": ["--prefix"],
        "is not a place": ["--users"],
        "one place at a time": ["--user", "--sys-prefix"],
        "can't make the folder": ["--prefix", binary],
    }
    for words, options in wrong.items():
        status, said = run(link, "--install-kernel", *options)
        check.that(f"--install-kernel {' '.join(options)}: {words}", status == 1 and words in said, said)


# --- the wheel ---

NOTEBOOK = ['epochs = param("epochs", 3)  # how many\nname = param("name", "nobody")\nrates = param("rates", [0.1])', "print(epochs, name, rates)"]
GIVEN = {"epochs": 7, "name": 'Ada "A" \\ é\n', "rates": [1, -2.5, float("inf"), None, True, {"a": [float("nan")], "b": {}}]}


def notebook(path, tagged):
    import nbformat

    cells = [nbformat.v4.new_code_cell(source) for source in NOTEBOOK]
    if tagged:
        cells[0].metadata["tags"] = ["parameters"]
    spec = {"name": "reckon", "display_name": "Reckon", "language": "reckon"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec}), path)
    return path


def printed(path):
    return "".join(o["text"] for c in json.loads(read(path))["cells"] for o in c.get("outputs", []) if o["output_type"] == "stream" for o["text"] in ["".join(o["text"])])


def new_venv(folder):
    """A venv that sees the front ends of the environment that runs this."""
    import nbformat

    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    packages = os.path.dirname(os.path.dirname(nbformat.__file__))
    [own] = glob.glob(os.path.join(folder, "lib", "python3*", "site-packages"))
    with open(os.path.join(own, "front_ends.pth"), "w", encoding="utf-8") as stream:
        stream.write(packages + "\n")
    return os.path.join(folder, "bin", "python")


# What a manylinux system has (PEP 600), and what plugins find there or say that it is missing.
SYSTEM = "libc libm libdl librt libpthread libresolv libgcc_s libstdc++ ld-linux-x86-64 ld-linux-aarch64 libcurl libarchive libcublas".split()


def check_tag(check, wheel, folder):
    """The manylinux tag is honest: no ELF file asks for a newer C library, or for a library that neither the wheel nor the system brings."""
    shutil.unpack_archive(wheel, folder, "zip")
    files = [path for path in (os.path.join(folder, p) for p in below(folder)) if os.path.isfile(path) and is_elf(path)]
    asked = {tuple(map(int, v.split("."))) for path in files for v in re.findall(r"Name: GLIBC_([\d.]+)", run("readelf", "-V", path)[1])}
    tag = re.search(r"manylinux_(\d+)_(\d+)_", wheel)
    check.that("no file asks for a newer C library than the tag says", tag and max(asked)[:2] <= (int(tag.group(1)), int(tag.group(2))), max(asked))
    needed = {name for path in files for name in re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", path)[1])}
    missing = {name for name in needed - set(map(os.path.basename, files)) if name.split(".so")[0] not in SYSTEM}
    check.that("the wheel brings what a manylinux system hasn't", len(needed) > 10 and not missing, missing)


def check_archive(check, wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        libraries = {os.path.basename(n) for n in names if ".so" in n and "libreckon_" not in n}
        [listed] = [archive.read(n).decode() for n in names if n.endswith("licenses/bundled/README")]
        [metadata] = [archive.read(n).decode() for n in names if n.endswith(".dist-info/METADATA")]
        check.that("the list of bundled libraries is complete", len(libraries) > 3 and all(name in listed for name in libraries), libraries)
        owners = re.findall(r"^(\S+) \S+, source ", listed, re.M)
        texts = {os.path.basename(n): archive.getinfo(n).file_size for n in names if n.endswith(".copyright")}
        check.that("each has its licence", owners and all(texts.get(f"{owner}.copyright", 0) > 300 for owner in owners), texts)
        licences = re.findall(r"^License-File: (.*)$", metadata, re.M)
        check.that("METADATA names all licences", {n.split("/licenses/")[1] for n in names if "/licenses/" in n} == set(licences))
        check.that("CUDA comes with nobody's wheel", not any("cublas" in n or "cudart" in n for n in names))


def check_list(check, python, home):
    """JupyterLab's server lists the kernel, with its logo."""
    import urllib.request

    runtime = os.path.join(home, "runtime")
    env = {"HOME": home, "JUPYTER_RUNTIME_DIR": runtime, "PATH": "/usr/bin:/bin"}
    server = subprocess.Popen([python, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0", f"--ServerApp.root_dir={home}"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
    try:
        for _ in range(600):
            found = glob.glob(os.path.join(runtime, "jpserver-*.json"))
            if found or server.poll() is not None:
                break
            time.sleep(0.1)
        info = json.loads(read(found[0]))
        ask = lambda path: urllib.request.urlopen(urllib.request.Request(info["url"] + path, headers={"Authorization": f"token {info['token']}"}), timeout=20).read()
        reckon = json.loads(ask("api/kernelspecs"))["kernelspecs"].get("reckon")
        check.that('JupyterLab lists "Reckon"', reckon and reckon["spec"]["display_name"] == "Reckon", reckon)
        check.that("with its logo", reckon and ask(reckon["resources"]["logo-64x64"].lstrip("/")) == read(ROOT, "install/logo-64x64.png"))
    finally:
        server.terminate()
        server.wait(20)


MANY = """import papermill, sys, yaml
folder, given = sys.argv[1], yaml.safe_load(open(sys.argv[2]))
papermill.execute_notebook(folder + "/tagged.ipynb", folder + "/tagged-out.ipynb", given, kernel_name="reckon", progress_bar=False)
papermill.execute_notebook(folder + "/plain.ipynb", folder + "/plain-out.ipynb", given, kernel_name="reckon", progress_bar=False)
papermill.execute_notebook(folder + "/plain-out.ipynb", folder + "/again.ipynb", {"epochs": 9}, kernel_name="reckon", progress_bar=False)
"""


def check_papermill(check, python, env, folder):
    import yaml

    tagged, plain = (notebook(os.path.join(folder, name), name == "tagged.ipynb") for name in ("tagged.ipynb", "plain.ipynb"))
    out, given = os.path.join(folder, "out.ipynb"), os.path.join(folder, "given.yaml")
    status, said = run(python, "-m", "papermill", plain, out, "-k", "reckon", "-p", "epochs", "8", "-p", "name", "Ada", env=env)
    check.that("papermill in.ipynb out.ipynb -k reckon -p name value", status == 0 and printed(out) == "8 Ada [0.1]\n", said)
    with open(given, "w", encoding="utf-8") as stream:
        yaml.safe_dump(GIVEN, stream)
    status, said = run(python, "-c", MANY, folder, given, env=env)
    expected = "7 Ada \"A\" \\ é\n [1, -2.5, inf, None, True, {'a': [nan], 'b': {}}]\n"
    for name, wanted in (("tagged-out", expected), ("plain-out", expected), ("again", "9 nobody [0.1]\n")):
        got = printed(os.path.join(folder, name + ".ipynb")) if status == 0 else said
        check.that(f"papermill's values arrive: {name}", got == wanted, got)
    _, said = run(python, "-m", "papermill", "--help-notebook", tagged, env=env)
    for line in (r"epochs: int \(default 3\) +how many", r'name: str \(default "nobody"\)', r"rates: list \(default \[0\.1\]\)"):
        check.that(f"papermill --help-notebook: {line}", re.search(line, said), said)


def check_wheel(check, args, folder):
    [wheel] = glob.glob(os.path.join(args.dist, "*.whl"))
    check_archive(check, wheel)
    check_tag(check, wheel, os.path.join(folder, "unpacked"))
    venv, home = os.path.join(folder, "venv"), os.path.join(folder, "home")
    os.mkdir(home)
    python = new_venv(venv)
    pip = [sys.executable, "-m", "pip", "--python", python]
    before = below(venv)
    env = {"PATH": "/usr/bin:/bin", "HOME": home}  # the venv's bin is on nobody's path
    status, said = run(*pip, "install", "--no-index", "--no-deps", wheel, env=env)
    check.that("pip installs the wheel", status == 0, said)
    binary = os.path.join(venv, "bin", "reckon-kernel")
    check.that("bin/reckon-kernel is the binary itself, no Python script", is_elf(binary))
    spent = []
    for _ in range(5):
        start = time.perf_counter()
        run(binary, "--version")
        spent.append(time.perf_counter() - start)
    check.that("it starts within 30 ms at best", min(spent) < 0.03, spent)
    check.that("it runs and finds its plugins", answers(binary, folder) and finds_plugins(binary, folder))
    _, said = run("ldd", binary)
    ours = re.findall(r"^\s*lib(?:zmq|jansson|sodium|utf8proc|sqlite3)\S* => (\S+)", said, re.M)
    check.that("it brings its libraries", len(ours) >= 4 and all("/lib/reckon/" in path for path in ours), said)
    _, said = run("env", "LD_DEBUG=libs", binary, "--script", cell_file(folder, 'a = array([[1, 2], [3, 4]])\na @ a\ndevice()["blas"]'))
    check.that("and its OpenBLAS", f"trying file={venv}/bin/../lib/reckon/libopenblas.so.0" in said and "'OpenBLAS " in said)
    _, said = run(python, "-m", "jupyter_client.kernelspecapp", "list", env=env)
    check.that("jupyter kernelspec list has it", re.search(rf"^ *reckon +{re.escape(venv)}/{SPEC}", said, re.M), said)
    check_list(check, python, home)
    source = notebook(os.path.join(folder, "in.ipynb"), False)
    executed = "import nbclient, nbformat, sys\nn = nbformat.read(sys.argv[1], 4)\nnbclient.NotebookClient(n, kernel_name='reckon').execute()\nprint(n.cells[1].outputs[0].text)"
    status, said = run(python, "-c", executed, source, env=env)
    check.that("nbclient runs a notebook", status == 0 and "3 nobody [0.1]" in said, said)
    check_papermill(check, python, env, folder)
    status, said = run(*pip, "uninstall", "--yes", "reckon_kernel", env=env)
    left = below(venv) ^ before  # pip leaves the folders that may be others' as well
    check.that("pip uninstall leaves nothing", status == 0 and left <= {"share", "share/jupyter", "share/jupyter/kernels", "share/man", "share/man/man1"}, left)


def check_pip(check, args, folder):
    """pip's other places: the user's and a prefix, with the Python that the environment was made from."""
    [wheel] = glob.glob(os.path.join(args.dist, "*.whl"))
    pip = [sys.executable, "-m", "pip", "--python", os.path.realpath(sys.executable)]
    env = {"HOME": folder, "PYTHONUSERBASE": os.path.join(folder, "user"), "PIP_BREAK_SYSTEM_PACKAGES": "1"}
    for what in ("prefix", "user"):
        top = os.path.join(folder, what)
        options = ["--user"] if what == "user" else ["--prefix", top]
        status, said = run(*pip, "install", "--no-index", "--no-deps", *options, wheel, env=env)
        tops = [t for t in (top, top + "/local") if os.path.exists(os.path.join(t, SPEC))]  # Debian's Python puts local/ into a prefix
        check.that(f"pip install --{what} works", status == 0 and len(tops) == 1, said)
        for found in tops:
            check.that(f"pip install --{what}: Jupyter starts it", jupyter_answers(os.path.join(found, SPEC)))
    status, said = run(*pip, "uninstall", "--yes", "reckon_kernel", env=env)
    left = [path for path in below(env["PYTHONUSERBASE"]) if "reckon" in path]
    check.that("pip uninstall of --user leaves nothing", status == 0 and not left, left or said)


# --- the Debian package ---


def needed_packages(path):
    """{library: packages that hold it} of an ELF file's own NEEDED entries."""
    _, headers = run("readelf", "-d", path)
    _, loaded = run("ldd", path)
    found = {}
    for name in re.findall(r"\(NEEDED\).*\[(.*)\]", headers):
        at = re.search(rf"^\s*{re.escape(name)} => (\S+)|^\s*(/\S*{re.escape(name)}) ", loaded, re.M)
        path = os.path.realpath(at.group(1) or at.group(2)) if at else name
        _, owners = run("dpkg-query", "-S", path, path.replace("/usr/lib/", "/lib/", 1), at.group(1) or at.group(2) if at else name)
        found[name] = set(re.findall(r"^([^\s:]+)(?::\w+)?: /", owners, re.M))
    return found


def check_real(check, deb):
    """Only on a machine that is thrown away afterwards."""
    if os.environ.get("RECKON_TEST_DPKG") != "1" or os.geteuid() != 0:
        return
    before = {folder: below(folder) for folder in ("/usr/bin", "/usr/lib/reckon", "/usr/share/jupyter", "/usr/share/doc/reckon-kernel")}
    status, said = run("apt-get", "install", "-y", "--no-install-recommends", os.path.abspath(deb), env={"DEBIAN_FRONTEND": "noninteractive"}, timeout=600)
    check.that("apt-get install ./reckon-kernel.deb works", status == 0, said[-400:])
    check.that("Jupyter starts what it installed", jupyter_answers("/" + os.path.join("usr", SPEC)))
    status, said = run("dpkg", "--purge", "reckon-kernel")
    after = {folder: below(folder) for folder in before}
    check.that("dpkg --purge leaves nothing", status == 0 and all(not [p for p in after[f] - before[f] if "reckon" in p or "reckon" in f] for f in before), said)


def check_deb(check, args, folder):
    debs = {os.path.basename(path).split("_")[0]: path for path in glob.glob(os.path.join(args.dist, "*.deb"))}
    check.that("make deb made reckon-kernel", "reckon-kernel" in debs, debs)
    if "reckon-kernel" not in debs:
        return
    for name, deb in debs.items():
        root = os.path.join(folder, name)
        run("dpkg-deb", "-x", deb, root)
        _, depends = run("dpkg-deb", "-f", deb, "Depends")
        declared = {re.split(r"[ (:]", word.strip())[0] for part in depends.split(",") for word in part.split("|")}
        files = [os.path.join(root, p) for p in below(root) if os.path.isfile(os.path.join(root, p))]
        for path in filter(is_elf, files):
            for library, packages in needed_packages(path).items():
                others = not packages and library.startswith("libcublas.so.")  # NVIDIA's, installed without a package
                check.that(f"{name} depends on what holds {library} ({os.path.basename(path)})", others or packages & declared, (packages, declared))
        _, listing = run("dpkg-deb", "-c", deb)
        check.that(f"{name}: all files are root's", all(line.split()[1] == "root/root" for line in listing.splitlines()), listing)
        check.that(f"{name}: it says whose it is", "Copyright:" in read(root, "usr/share/doc", name, "copyright").decode())
    root = os.path.join(folder, "reckon-kernel")
    binary = os.path.join(root, "usr/bin/reckon-kernel")
    check.that("the unpacked package runs", answers(binary, folder) and finds_plugins(binary, folder))
    check.that("its kernelspec names the installed binary", json.loads(read(root, "usr", SPEC, "kernel.json"))["argv"][0] == "/usr/bin/reckon-kernel")
    check.that("nobody gets the CUDA plugin unasked", not glob.glob(os.path.join(root, "usr/lib/reckon/*cuda*")))
    manual = gzip.decompress(read(root, "usr/share/man/man1/reckon-kernel.1.gz")).decode().replace("\\-", "-")
    _, usage = run(binary, "--help")
    options = set(re.findall(r"(?<![\w-])(--?[a-z][a-z-]*|RECKON_[A-Z]+)", usage))
    check.that("the man page has every option and variable of --help", len(options) > 8 and all(option in manual for option in options), [o for o in options if o not in manual])
    if shutil.which("lintian"):
        # Who gives the packages out is asked by DEBEMAIL.
        status, said = run("lintian", "--fail-on", "error", "--suppress-tags", "bogus-mail-host,bogus-mail-host-in-debian-changelog", *debs.values())
        check.that("lintian has no error", status == 0, said)
    else:
        check.skipped += 1
    check_real(check, debs["reckon-kernel"])


PARTS = {"make": check_make, "spec": check_spec, "wheel": check_wheel, "pip": check_pip, "deb": check_deb}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--dist", required=True)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART")
    args = parser.parse_args()
    args.build, args.dist = os.path.abspath(args.build), os.path.abspath(args.dist)
    os.environ["RECKON_HISTORY"] = os.environ["RECKON_RUNS"] = "off"
    clean_up_when_stopped()
    check = Checks("install")
    for part in args.parts or PARTS:
        start = time.time()
        with tempfile.TemporaryDirectory(prefix="reckon-install-") as folder, tempfile.TemporaryDirectory(prefix="reckon-jupyter-") as jupyter:
            os.environ.update({f"JUPYTER_{name}_DIR": os.path.join(jupyter, name) for name in ("CONFIG", "DATA", "RUNTIME")})  # not the user's
            PARTS[part](check, args, os.path.realpath(folder))
        print(f"  {part}: {time.time() - start:.0f} s")
    return check.close()


if __name__ == "__main__":
    sys.exit(main())
