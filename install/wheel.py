#!/usr/bin/env python3
"""Builds the wheel: wheel.py --build BUILD --version V --tools BIN_FOLDER OUT_FOLDER

The wheel holds the same tree as every installation (tree.sh), as data files: pip puts them below the environment's
prefix, so bin/reckon-kernel is the ELF file itself and finds ../lib/reckon beside it. kernel.json names the binary
relative to its own folder, {resource_dir}, which holds in a venv, with --user, --prefix and system-wide (pip's --target
alone drops a wheel's lib folder); no Python runs when the kernel starts. auditwheel puts the shared libraries that the binary needs into lib/reckon as well, and says
which manylinux the result is good for.

Not bundled: libcurl and libarchive (forty libraries and the machine's certificates; the net plugin's error names the
packages) and cuBLAS (NVIDIA's; the cuda plugin is only opened where somebody asks for a GPU).
"""
import argparse
import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
ARGV0 = "{resource_dir}/../../../../bin/reckon-kernel"
LEFT_TO_THE_MACHINE = ["libcurl.so.4", "libarchive.so.13", "libcublas*.so.*"]
OPENED_LATER = "libopenblas.so.0"  # runtime/device/cpu_blas.c: by dlopen, so the ELF headers don't tell

METADATA = """Metadata-Version: 2.4
Name: reckon_kernel
Version: {version}
Summary: A Jupyter kernel, in C, for learning and practising recommender systems
License: MIT; the shared libraries beside it have their own, see licenses/bundled
{licence_files}Keywords: jupyter,kernel,recommender systems
Classifier: Framework :: Jupyter
Classifier: Operating System :: POSIX :: Linux
Classifier: Programming Language :: C
Requires-Python: >=3.8
Description-Content-Type: text/markdown

{description}"""
WHEEL = """Wheel-Version: 1.0
Generator: reckon install/wheel.py
Root-Is-Purelib: false
Tag: {tag}
"""
ENTRY_POINTS = """[papermill.engine]
reckon = reckon_kernel.papermill:Engine
"""
BUNDLED = """Beside Reckon's own files this wheel holds the following shared libraries, as Debian builds them but for their names
and search paths. Their licences are in this folder, one for each package, with the texts that they refer to. The
sources are Debian's source packages of these versions. You may replace each library by one of your own.

"""


def run(*words, **more):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode:
        sys.exit(f"{' '.join(words)} failed:\n{done.stdout}")
    return done.stdout


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)


def is_elf(path):
    with open(path, "rb") as stream:
        return stream.read(4) == b"\x7fELF"


def walk(folder):
    return sorted(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names)


# --- one wheel is a zip of a folder ---


def pack(folder, info, wheel, level):
    """Writes RECORD and the archive. SOURCE_DATE_EPOCH, when set, is the time of every file in it."""
    when = time.gmtime(max(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())), 315532800))[:6]
    record = os.path.join(folder, info, "RECORD")
    lines = []
    for path in walk(folder):
        if path != record:
            with open(path, "rb") as stream:
                data = stream.read()
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            lines.append(f"{os.path.relpath(path, folder)},sha256={digest},{len(data)}\n")
    write(record, "".join(lines) + f"{info}/RECORD,,\n")
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for path in sorted(walk(folder), key=lambda p: (info in p, p)):
            entry = zipfile.ZipInfo(os.path.relpath(path, folder), when)
            entry.external_attr = (0o100755 if os.access(path, os.X_OK) else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            with open(path, "rb") as stream:
                archive.writestr(entry, stream.read())


def lay_out(folder, args, info):
    """The wheel before its shared libraries."""
    data = os.path.join(folder, f"reckon_kernel-{args.version}.data", "data")
    run("bash", os.path.join(HERE, "tree.sh"), args.build, data, ARGV0)
    shutil.copy(library_path(OPENED_LATER), os.path.join(data, "lib", "reckon", OPENED_LATER))
    for path in walk(data):
        if is_elf(path):
            run("strip", "--strip-unneeded", path)
    shutil.copytree(os.path.join(HERE, "wheel", "reckon_kernel"), os.path.join(folder, "reckon_kernel"), ignore=shutil.ignore_patterns("__pycache__"))
    write_metadata(os.path.join(folder, info), args.version)
    write(os.path.join(folder, info, "WHEEL"), WHEEL.format(tag="py3-none-linux_" + os.uname().machine))
    write(os.path.join(folder, info, "entry_points.txt"), ENTRY_POINTS)
    return data


def write_metadata(info, version):
    """METADATA with the licences that are there by now."""
    licences = os.path.join(info, "licenses")
    os.makedirs(licences, exist_ok=True)
    shutil.copy(os.path.join(HERE, "..", "LICENSE"), licences)
    with open(os.path.join(HERE, "..", "README.md"), encoding="utf-8") as stream:
        description = re.sub(r"^!\[.*\n\n", "", stream.read(), flags=re.M)  # its pictures are not in the wheel
    named = "".join(f"License-File: {os.path.relpath(path, licences)}\n" for path in walk(licences))
    write(os.path.join(info, "METADATA"), METADATA.format(version=version, licence_files=named, description=description))


# --- what is bundled, and its licences ---


def library_path(name):
    """Where the dynamic linker finds a library, from its cache."""
    found = re.search(rf"^\s*{re.escape(name)} .*=> (\S+)$", run("/sbin/ldconfig", "-p"), re.M)
    if not found:
        sys.exit(f"{name} is not installed: install/deps.sh installs what a wheel is made of")
    return os.path.realpath(found.group(1))


def linked(path):
    """All libraries that an ELF file brings into a process: {name: path}."""
    return dict(re.findall(r"^\s*(\S+) => (/\S+) \(", run("ldd", path), re.M))


def package_of(path):
    """The Debian package of a file, also where /lib is a link to /usr/lib."""
    for candidate in (os.path.realpath(path), path, os.path.realpath(path).replace("/usr/lib/", "/lib/", 1)):
        done = subprocess.run(["dpkg-query", "-S", candidate], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if done.returncode == 0:
            return done.stdout.split(": ")[0].split(",")[0]
    sys.exit(f"{path} belongs to no Debian package, so its licence text is not known; make wheel runs on Debian or Ubuntu")


def packages_of(folder, sources):
    """{package: [bundled libraries]} of the libraries in a folder, whose names auditwheel made unique: libzmq-4b0e2a1c.so.5.2.4."""
    found = {}
    for name in sorted(os.listdir(folder)):
        if ".so" in name and not name.startswith("libreckon_"):
            plain = re.sub(r"-[0-9a-f]{8}(?=\.)", "", name)
            if plain not in sources:
                sys.exit(f"nobody knows where {name} in the wheel comes from")
            found.setdefault(package_of(sources[plain]), []).append(name)
    return found


def add_licences(packages, folder):
    text = BUNDLED
    for package, libraries in sorted(packages.items()):
        name, version, source = run("dpkg-query", "-W", "-f", "${Package}\t${Version}\t${source:Package} ${source:Version}", package).split("\t")
        text += f"{name} {version}, source {source}: {', '.join(libraries)}\n"
        with open(f"/usr/share/doc/{name}/copyright", encoding="utf-8") as stream:
            words = stream.read()
        write(os.path.join(folder, f"{name}.copyright"), words)
        for common in sorted(set(re.findall(r"/usr/share/common-licenses/([\w.-]*\w)", words))):
            if os.path.exists(f"/usr/share/common-licenses/{common}"):
                shutil.copy(f"/usr/share/common-licenses/{common}", os.path.join(folder, common))
    write(os.path.join(folder, "README"), text)


def sources_of(data):
    """{file name: path on this machine} of all that auditwheel may have bundled."""
    found = {OPENED_LATER: library_path(OPENED_LATER)}
    for path in walk(data):
        if is_elf(path):
            for where in linked(path).values():
                found[os.path.basename(where)] = found[os.path.basename(os.path.realpath(where))] = where
    return found


# --- all of it ---


def repair(wheel, args, folder):
    """auditwheel's copy with the libraries in lib/reckon: the name of its folder for them is the wheel's name and --lib-sdir."""
    environment = dict(os.environ, PATH=args.tools + os.pathsep + os.environ["PATH"])
    left = [word for name in LEFT_TO_THE_MACHINE for word in ("--exclude", name)]
    place = f"--lib-sdir=-{args.version}.data/data/lib/reckon"
    run(os.path.join(args.tools, "auditwheel"), "repair", place, "--zip-compression-level=0", "--wheel-dir", folder, *left, wheel, env=environment)
    made = [name for name in os.listdir(folder) if name.endswith(".whl")]
    return os.path.join(folder, made[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--tools", required=True, help="the folder that holds auditwheel and patchelf")
    parser.add_argument("out")
    args = parser.parse_args()
    args.tools = os.path.abspath(args.tools)
    info = f"reckon_kernel-{args.version}.dist-info"
    os.makedirs(args.out, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        data = lay_out(os.path.join(work, "plain"), args, info)
        sources = sources_of(data)
        plain = os.path.join(work, f"reckon_kernel-{args.version}-py3-none-linux_{os.uname().machine}.whl")
        pack(os.path.join(work, "plain"), info, plain, 0)
        repaired = repair(plain, args, os.path.join(work, "repaired"))
        whole = os.path.join(work, "whole")
        with zipfile.ZipFile(repaired) as archive:
            for entry in archive.infolist():
                os.chmod(archive.extract(entry, whole), entry.external_attr >> 16 & 0o777 or 0o644)
        packages = packages_of(os.path.join(whole, f"reckon_kernel-{args.version}.data", "data", "lib", "reckon"), sources)
        add_licences(packages, os.path.join(whole, info, "licenses", "bundled"))
        write_metadata(os.path.join(whole, info), args.version)
        for old in os.listdir(args.out):
            if old.endswith(".whl"):
                os.remove(os.path.join(args.out, old))
        wheel = os.path.join(args.out, os.path.basename(repaired))
        pack(whole, info, wheel, 9)
    print(f"{wheel} {os.path.getsize(wheel) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
