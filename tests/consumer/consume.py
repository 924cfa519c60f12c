#!/usr/bin/python3
"""Uses jobqueue as a project of somebody else would, from an empty folder.

    consume.py WAY --binary DIR --source DIR --prefix DIR --cc CC --cxx CXX --cmake CMAKE
               --generator NAME [--launcher PROGRAM] [--paths-are-mapped]

WAY is one of
  install           installs the build in --binary to --prefix, for the ways below
  find_package      CMake, C and C++, the installed tree
  find_package_c    CMake, C alone, where OpenSSL and Highway are not to be found
  add_subdirectory  CMake, C and C++, the source tree
  pkg_config        a compiler and pkg-config, C and C++, the installed tree
"""

import argparse
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent

# What the environment must not help with.
FOREIGN = ("CMAKE_PREFIX_PATH", "CMAKE_GENERATOR", "CMAKE_BUILD_TYPE", "CMAKE_TOOLCHAIN_FILE",
           "jobqueue_DIR", "jobqueue_ROOT", "PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR",
           "LD_LIBRARY_PATH", "LIBRARY_PATH", "CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH",
           "CFLAGS", "CXXFLAGS", "LDFLAGS", "DESTDIR", "JOBQUEUE_SIMD")


def environment(**more):
    kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    return {**kept, "LC_ALL": "C.UTF-8", **{name: str(value) for name, value in more.items()}}


def run(command, folder, **more):
    """The standard output of a command; what it says goes on to ours if it fails."""
    done = subprocess.run([str(word) for word in command], cwd=folder, env=environment(**more),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{shlex.join(map(str, command))}\n{done.stdout}failed with {done.returncode}")
    return done.stdout


def run_program(program, source, folder, version, **more):
    """Runs it and compares what it prints with what lies beside the source."""
    expected = (HERE / f"{source}.out").read_text(encoding="ascii").replace("@VERSION@", version)
    printed = run([program], folder, **more)
    if printed != expected:
        sys.exit(f"{program.name} printed\n{printed}instead of\n{expected}")
    print(f"{source} printed what it should")


def install(arguments):
    prefix = arguments.prefix
    elsewhere = prefix.with_name(prefix.name + "-before-it-was-moved")
    for tree in (prefix, elsewhere):
        shutil.rmtree(tree, ignore_errors=True)
    run([arguments.cmake, "--install", arguments.binary, "--prefix", elsewhere], "/")
    # Nothing in it may depend on where it was.
    elsewhere.rename(prefix)
    files = [file for file in prefix.rglob("*") if file.is_file()]
    forbidden = [elsewhere] + ([arguments.source] if arguments.paths_are_mapped else [])
    for file in files:
        content = file.read_bytes()
        for place in forbidden:
            if str(place).encode() in content:
                sys.exit(f"{file.relative_to(prefix)} has the path {place} in it")
    strange = [str(file.relative_to(prefix)) for file in files
               if file.suffix in (".h", ".hpp") and file.parent != prefix / "include" / "jobqueue"]
    if strange:
        sys.exit(f"headers were installed to other places than include/jobqueue: {strange}")
    print(f"{len(files)} files are installed")


def cmake_project(arguments, folder, version, *options):
    shutil.copy(HERE / arguments.way / "CMakeLists.txt", folder)
    sources = ["main.c", "net.c" if arguments.way == "find_package_c" else "main.cpp"]
    for source in sources:
        shutil.copy(HERE / source, folder)
    compilers = [f"-DCMAKE_C_COMPILER={arguments.cc}"]
    if "main.cpp" in sources:
        compilers.append(f"-DCMAKE_CXX_COMPILER={arguments.cxx}")
    run([arguments.cmake, "-S", ".", "-B", "build", "-G", arguments.generator, *compilers,
         *options], folder)
    run([arguments.cmake, "--build", "build"], folder)
    for source in sources:
        program = {"main.c": "c", "net.c": "c_net", "main.cpp": "core"}[source]
        run_program(folder / "build" / program, source, folder, version)


def pkg_config(arguments, folder, version):
    places = list(arguments.prefix.rglob("pkgconfig"))
    if len(places) != 1:
        sys.exit(f"there must be one folder pkgconfig, not {places}")
    libraries = places[0].parent
    ways = (("main.c", "jobqueue", [arguments.cc, "-std=c99"], []),
            ("net.c", "jobqueue-net", [arguments.cc, "-std=c99"], []),
            ("main.cpp", "jobqueue-core", [arguments.cxx, "-std=c++20"], ["--static"]))
    for source, package, compiler, static in ways:
        shutil.copy(HERE / source, folder)
        ask = ["pkg-config", *static, package]
        if run([*ask, "--modversion"], folder, PKG_CONFIG_PATH=places[0]).strip() != version:
            sys.exit(f"{package}.pc has another version than {version}")
        flags = shlex.split(run([*ask, "--cflags", "--libs"], folder, PKG_CONFIG_PATH=places[0]))
        program = folder / package
        run([*compiler, source, "-o", program, *flags], folder)
        run_program(program, source, folder, version, LD_LIBRARY_PATH=libraries)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("way", choices=["install", "find_package", "find_package_c",
                                        "add_subdirectory", "pkg_config"])
    for option in ("binary", "source", "prefix"):
        parser.add_argument(f"--{option}", required=True, type=pathlib.Path)
    for option in ("cc", "cxx", "cmake", "generator"):
        parser.add_argument(f"--{option}", required=True)
    parser.add_argument("--launcher", default="")
    parser.add_argument("--paths-are-mapped", action="store_true")
    arguments = parser.parse_args()

    version = (arguments.source / "VERSION").read_text(encoding="ascii").strip()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if arguments.way == "install":
            install(arguments)
        elif arguments.way == "pkg_config":
            pkg_config(arguments, folder, version)
        elif arguments.way == "add_subdirectory":
            cmake_project(arguments, folder, version, f"-DJOBQUEUE_SOURCE={arguments.source}",
                          f"-DCMAKE_CXX_COMPILER_LAUNCHER={arguments.launcher}")
        else:
            cmake_project(arguments, folder, version, f"-DCMAKE_PREFIX_PATH={arguments.prefix}")


if __name__ == "__main__":
    main()
