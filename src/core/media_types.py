#!/usr/bin/python3
"""Writes media_types.inc: media types and extensions, from mime-db and from what is listed here.

    src/core/media_types.py DB.JSON VERSION > src/core/media_types.inc

DB.JSON is db.json of mime-db (https://github.com/jshttp/mime-db, MIT licence), VERSION what is said
of it in the file. Where several types claim an extension, that of IANA is taken, then that of
Apache, nginx and mime-db itself; ties, and what mime-db lacks, are decided below.
"""

import json
import sys

# Where the rule above does not decide, or not for a name that is in use.
OWNERS = {
    "3gpp": "video/3gpp", "aac": "audio/aac", "ac": "application/pkix-attr-cert",
    "asc": "application/pgp-signature", "bdoc": "application/bdoc",
    "deb": "application/vnd.debian.binary-package",
    "dll": "application/vnd.microsoft.portable-executable",
    "exe": "application/vnd.microsoft.portable-executable", "exr": "image/x-exr",
    "fdf": "application/fdf", "fit": "image/fits", "fits": "image/fits", "flac": "audio/flac",
    "js": "text/javascript", "mk3d": "video/matroska-3d", "mp4": "video/mp4", "mpg4": "video/mp4",
    "mpp": "application/vnd.ms-project", "msi": "application/x-msi", "mts": "video/mp2t",
    "org": "text/x-org", "php": "application/x-httpd-php", "rpm": "application/x-rpm",
    "rtf": "application/rtf", "so": "application/x-elf", "sub": "text/vnd.dvb.subtitle",
    "vcf": "text/vcard", "wav": "audio/wav", "wmz": "application/x-ms-wmz",
    "xml": "application/xml", "xsl": "application/xslt+xml", "yaml": "application/yaml",
    "yml": "application/yaml", "z": "application/x-compress",
}

# Types that mime-db has without an extension, or has not: the first extension is the usual one.
OURS = {
    "application/avro": "avro", "application/bufr": "bufr", "application/fits": "",
    "application/grib": "grib grb", "application/jsonl": "", "application/msgpack": "",
    "application/onenote": "one", "application/owl+xml": "",
    "application/postscript": "ps",
    "application/tzif": "", "application/vnd.apache.arrow.file": "arrow feather",
    "application/vnd.cyclonedx+json": "", "application/vnd.cyclonedx+xml": "",
    "application/vnd.debian.binary-package": "deb", "application/vnd.garmin.tcx+xml": "tcx",
    "application/vnd.microsoft.portable-executable": "exe dll sys efi scr",
    "application/vnd.ms-package.3dmanufacturing-3dmodel+xml": "",
    "application/vnd.ms-outlook": "msg", "application/vnd.ms-publisher": "",
    "application/vnd.shp": "shp", "application/vnd.shx": "shx", "application/warc": "warc",
    "application/x-amf": "amf", "application/x-archive": "a",
    "application/x-bytecode.python": "pyc", "application/x-compress": "z",
    "application/x-dex": "dex", "application/x-elf": "elf so ko o", "application/x-ggml": "ggml",
    "application/x-gguf": "gguf", "application/x-hdf5": "h5 hdf5",
    "application/x-installshield": "", "application/x-krita": "kra", "application/x-lz4": "lz4",
    "application/x-lzip": "lz", "application/x-lzma": "lzma", "application/x-mach-binary": "dylib",
    "application/x-mobipocket-ebook": "mobi", "application/x-ms-reader": "lit",
    "application/x-ms-shortcut": "lnk", "application/x-msi": "msi",
    "application/x-ndjson": "ndjson jsonl", "application/x-nintendo-nes-rom": "nes",
    "application/x-npy": "npy", "application/x-npz": "npz", "application/x-ole-storage": "",
    "application/x-onnx": "onnx", "application/x-orc": "orc", "application/x-pcapng": "pcapng",
    "application/x-pickle": "pkl pickle", "application/x-ply": "ply",
    "application/x-pytorch": "pt pth ckpt", "application/x-rpm": "rpm",
    "application/x-safetensors": "safetensors", "application/x-snappy-framed": "sz",
    "application/x-tflite": "tflite", "application/x-x509-ca-cert": "crt",
    "application/x-xar": "xar", "application/yaml": "yaml yml", "application/zlib": "",
    "application/zstd": "zst", "audio/aac": "aac", "audio/amr-wb": "awb", "audio/flac": "flac",
    "audio/mpeg": "mp3", "audio/musepack": "mpc", "audio/ogg": "ogg", "audio/qcelp": "qcp",
    "audio/x-ape": "ape", "audio/x-voc": "voc", "audio/x-wavpack": "wv", "image/bpg": "bpg",
    "image/j2c": "j2c j2k", "image/openraster": "ora", "image/qoi": "qoi",
    "image/vnd.microsoft.icon": "ico cur", "image/vnd.radiance": "hdr", "image/wmf": "wmf",
    "image/x-canon-cr3": "cr3", "image/x-exr": "exr", "image/x-gimp-gbr": "gbr",
    "image/x-gimp-pat": "pat", "image/x-portable-arbitrarymap": "pam", "image/x-xcf": "xcf",
    "text/vcard": "vcf vcard", "text/x-python": "py", "text/x-ruby": "rb",
    "video/mpeg": "mpg", "video/quicktime": "mov",
}
# Other names of the same. What is on the right is of IANA, else of mime-db, else in use.
ALIASES = {
    "application/avro": "application/vnd.apache.avro application/x-avro",
    "application/fdf": "application/vnd.fdf",
    "application/fits": "image/fits",
    "application/gzip":
        "application/gzipped application/x-gtar-compressed application/x-gunzip "
        "application/x-gzip application/x-tgz",
    "application/java-archive": "application/jar application/x-java-archive",
    "application/java-vm": "application/x-java-applet application/x-java-vm",
    "application/json": "application/x-json text/json text/x-json",
    "application/msword": "application/vnd.ms-word application/x-msword",
    "application/ogg": "application/x-ogg",
    "application/pdf": "application/x-pdf text/pdf",
    "application/postscript": "application/x-postscript text/postscript",
    "application/rtf": "application/x-rtf text/rtf",
    "application/sql": "application/x-sql text/sql text/x-sql",
    "application/vnd.apache.arrow.file":
        "application/vnd.apache.arrow application/x-apache-arrow-file",
    "application/vnd.apache.parquet": "application/parquet application/x-parquet",
    "application/vnd.apple.keynote": "application/x-iwork-keynote-sffkey",
    "application/vnd.apple.mpegurl":
        "application/mpegurl application/x-mpegurl audio/mpegurl audio/x-mpegurl",
    "application/vnd.apple.numbers": "application/x-iwork-numbers-sffnumbers",
    "application/vnd.apple.pages": "application/x-iwork-pages-sffpages",
    "application/vnd.autodesk.fbx": "application/x-fbx",
    "application/vnd.dbf": "application/dbf application/x-dbf",
    "application/vnd.debian.binary-package": "application/x-deb application/x-debian-package",
    "application/vnd.microsoft.portable-executable":
        "application/dos-exe application/exe application/x-dosexec application/x-exe "
        "application/x-msdos-program application/x-msdownload",
    "application/vnd.ms-cab-compressed": "application/vnd.ms-cab application/x-cab",
    "application/vnd.ms-excel": "application/msexcel application/x-excel application/x-msexcel",
    "application/vnd.ms-fontobject": "application/x-eot",
    "application/vnd.ms-htmlhelp": "application/x-chm",
    "application/vnd.ms-powerpoint": "application/mspowerpoint application/x-mspowerpoint",
    "application/vnd.rar":
        "application/rar application/x-compressed application/x-rar application/x-rar-compressed",
    "application/vnd.rn-realmedia": "application/vnd.rn-realmedia-vbr",
    "application/vnd.shp": "application/x-esri-shape",
    "application/vnd.sqlite3": "application/x-sqlite3",
    "application/vnd.tcpdump.pcap": "application/pcap application/x-pcap",
    "application/vnd.visio":
        "application/vnd.ms-visio.drawing application/vnd.ms-visio.drawing.main+xml",
    "application/vnd.wordperfect": "application/wordperfect application/x-wordperfect",
    "application/x-7z-compressed": "application/x-7z",
    "application/x-archive": "application/x-unix-archive",
    "application/x-bzip2": "application/bzip2 application/x-bz2 application/x-bzip",
    "application/x-elf":
        "application/x-coredump application/x-executable application/x-object "
        "application/x-pie-executable application/x-sharedlib",
    "application/x-hdf": "application/hdf",
    "application/x-hdf5": "application/hdf5",
    "application/x-lz4": "application/lz4",
    "application/x-lzip": "application/lzip",
    "application/x-msi": "application/x-ms-installer application/x-windows-installer",
    "application/x-mspublisher": "application/vnd.ms-publisher",
    "application/x-ndjson":
        "application/json-lines application/jsonl application/jsonlines application/ndjson "
        "application/x-jsonl application/x-jsonlines",
    "application/x-nintendo-nes-rom": "application/vnd.nintendo.snes.rom",
    "application/x-ole-storage": "application/cdfv2 application/x-cdf application/x-cfb",
    "application/x-onnx": "application/onnx application/vnd.onnx",
    "application/x-perl": "text/x-perl",
    "application/x-pickle": "application/pickle application/python-pickle",
    "application/x-pytorch": "application/pytorch",
    "application/x-rpm": "application/x-redhat-package-manager",
    "application/x-safetensors": "application/safetensors application/vnd.safetensors",
    "application/x-subrip": "application/srt text/srt text/x-srt",
    "application/x-tar": "application/tar application/x-gtar application/x-ustar",
    "application/x-tcl": "text/x-tcl",
    "application/x-xz": "application/xz",
    "application/xfdf": "application/vnd.adobe.xfdf",
    "application/xliff+xml": "application/x-xliff+xml",
    "application/xml": "application/x-xml text/xml",
    "application/yaml": "application/x-yaml text/x-yaml text/yaml",
    "application/zip": "application/x-zip application/x-zip-compressed multipart/x-zip",
    "application/zlib": "application/x-zlib",
    "application/zstd": "application/x-zstd",
    "audio/aac": "audio/aacp audio/x-aac audio/x-hx-aac-adts",
    "audio/basic": "audio/x-au audio/x-basic",
    "audio/flac": "audio/x-flac",
    "audio/matroska": "audio/x-matroska",
    "audio/midi": "audio/mid audio/sp-midi audio/x-midi",
    "audio/mp4": "audio/m4a audio/x-m4a audio/x-mp4",
    "audio/mpeg":
        "audio/mp3 audio/mpeg3 audio/mpg audio/x-mp3 audio/x-mpeg audio/x-mpeg-3 audio/x-mpg",
    "audio/musepack": "audio/mpc audio/x-musepack",
    "audio/ogg": "audio/opus audio/speex audio/vorbis audio/x-ogg audio/x-speex audio/x-vorbis+ogg",
    "audio/wav": "audio/vnd.wave audio/wave audio/x-pn-wav audio/x-wav",
    "audio/x-aiff": "audio/aiff",
    "audio/x-ape": "audio/ape",
    "audio/x-voc": "audio/x-unknown",
    "font/otf":
        "application/font-otf application/vnd.ms-opentype application/x-font-opentype "
        "application/x-font-otf",
    "font/ttf":
        "application/font-sfnt application/font-ttf application/x-font-truetype "
        "application/x-font-ttf font/sfnt",
    "font/woff": "application/font-woff application/x-font-woff",
    "font/woff2": "application/font-woff2 application/x-font-woff2",
    "image/apng": "image/vnd.mozilla.apng",
    "image/bmp": "image/x-bmp image/x-ms-bmp image/x-windows-bmp",
    "image/bpg": "image/x-bpg",
    "image/emf": "image/x-emf",
    "image/jpeg": "image/jpg image/pjpeg image/x-jpeg image/x-jpg",
    "image/jxr": "image/vnd.ms-photo",
    "image/png": "image/x-citrix-png image/x-png",
    "image/qoi": "image/x-qoi",
    "image/svg+xml": "image/svg image/svg-xml",
    "image/tiff": "image/tif image/x-tif image/x-tiff",
    "image/vnd.adobe.photoshop":
        "application/photoshop application/x-photoshop image/photoshop image/psd image/x-psd",
    "image/vnd.djvu": "image/djvu image/x-djvu image/x.djvu",
    "image/vnd.dwg": "application/acad application/x-acad image/x-dwg",
    "image/vnd.microsoft.icon": "image/ico image/icon image/x-ico image/x-icon",
    "image/vnd.radiance": "image/x-hdr",
    "image/webp": "image/x-webp",
    "image/wmf": "application/x-msmetafile image/x-wmf",
    "image/x-exr": "image/aces image/exr",
    "model/3mf":
        "application/vnd.ms-3mfdocument",
    "model/obj": "application/x-tgif",
    "text/csv":
        "application/csv application/x-csv text/comma-separated-values "
        "text/x-comma-separated-values text/x-csv",
    "text/javascript":
        "application/ecmascript application/javascript application/x-ecmascript "
        "application/x-javascript text/ecmascript text/jscript text/livescript text/x-javascript",
    "text/markdown": "text/x-markdown",
    "text/tab-separated-values": "text/tsv",
    "text/vcard": "text/directory text/x-vcard",
    "text/x-php": "application/x-httpd-php application/x-php text/php",
    "text/x-python": "application/x-python text/python text/x-script.python",
    "text/x-ruby": "application/x-ruby",
    "application/x-sh": "application/x-shellscript text/x-sh text/x-shellscript",
    "video/matroska": "video/x-matroska",
    "video/matroska-3d": "video/x-matroska-3d",
    "video/mp2t": "video/mpeg-2-ts video/vnd.dlna.mpeg-tts",
    "video/mp4": "video/x-mp4",
    "video/mpeg": "video/mp2p video/mpg video/x-mpeg",
    "video/ogg": "video/theora video/x-ogg",
    "video/quicktime": "video/x-quicktime",
    "video/x-flv": "video/flv",
    "video/x-m4v": "video/m4v",
    "video/x-msvideo": "video/avi video/msvideo video/vnd.avi",
}
# What the categories do not follow from the first half of a name.
DOCUMENTS = """application/pdf application/rtf application/postscript application/msword
    application/epub+zip application/xhtml+xml text/html image/vnd.djvu application/oxps
    application/vnd.ms-xpsdocument application/vnd.visio application/onenote application/fdf
    application/vnd.ms-htmlhelp application/vnd.wordperfect application/vnd.framemaker
    application/vnd.lotus-1-2-3 application/x-ms-reader application/x-mobipocket-ebook
    application/vnd.amazon.ebook application/x-fictionbook+xml application/x-cbr
    application/vnd.apple.keynote application/vnd.apple.numbers application/vnd.apple.pages
    application/vnd.ms-excel application/vnd.ms-powerpoint application/vnd.ms-outlook
    application/vnd.ms-project application/vnd.ms-works application/x-mspublisher
    application/x-ole-storage message/rfc822""".split()
DOCUMENT_FAMILIES = ("application/vnd.openxmlformats-officedocument.",
                     "application/vnd.oasis.opendocument.", "application/vnd.ms-word.",
                     "application/vnd.ms-excel.", "application/vnd.ms-powerpoint.",
                     "application/vnd.sun.xml.", "application/vnd.stardivision.")
ARCHIVES = """application/zip application/gzip application/x-bzip2 application/x-xz
    application/zstd application/x-7z-compressed application/vnd.rar application/x-tar
    application/x-lz4 application/x-lzip application/x-lzma application/vnd.ms-cab-compressed
    application/x-archive application/vnd.debian.binary-package application/x-rpm
    application/zlib application/x-cpio application/x-xar application/x-compress
    application/x-snappy-framed application/java-archive application/x-installshield
    application/vnd.android.package-archive application/x-apple-diskimage
    application/x-iso9660-image application/x-msi application/x-xpinstall
    application/x-chrome-extension application/vnd.google-earth.kmz application/warc
    application/x-lzh-compressed application/x-ace-compressed application/x-stuffit
    application/x-stuffitx application/x-shar application/x-webarchive""".split()
MODELS = """application/x-onnx application/x-safetensors application/x-pickle application/x-pytorch
    application/x-npy application/x-npz application/x-gguf application/x-ggml
    application/x-hdf5 application/x-hdf application/x-tflite application/x-ply
    application/vnd.autodesk.fbx""".split()
EXECUTABLES = """application/x-elf application/vnd.microsoft.portable-executable
    application/x-mach-binary application/x-dex application/java-vm application/wasm
    application/x-bytecode.python""".split()
FONTS = ["application/vnd.ms-fontobject", "application/x-font-type1", "application/x-font-bdf",
         "application/x-font-pcf", "application/x-font-snf", "application/x-font-ghostscript"]
OTHERS = {"application/ogg": "video", "application/x-krita": "image",
          "application/x-shockwave-flash": "video", "application/vnd.rn-realmedia": "video",
          "application/dicom": "image"}

# Text, though "application/" begins the name.
TEXTS = """application/json application/x-ndjson application/xml application/json5
    application/yaml application/toml application/sql application/graphql
    application/typescript application/node application/dart application/mbox
    application/pgp-keys application/pgp-signature application/pgp-encrypted
    application/xml-dtd application/rtf application/postscript application/x-tex
    application/x-latex application/x-perl application/x-tcl application/x-csh
    application/x-subrip application/x-x509-ca-cert application/x-pem-file
    application/vnd.apple.mpegurl application/dash-patch+xml application/xquery
    application/relax-ng-compact-syntax application/n-quads application/n-triples
    application/trig application/x-texinfo application/x-sh
    application/sieve application/vnd.dart application/x-research-info-systems
    application/x-ply application/x-httpd-php
    application/fdf message/rfc822 model/obj model/stl model/step model/iges model/vrml
    model/mtl image/x-xbitmap image/x-xpixmap image/vnd.dxf image/x-portable-bitmap
    image/x-portable-graymap image/x-portable-pixmap image/x-portable-anymap""".split()
# .ts and .mts are TypeScript, too.
TEXTS += ["video/mp2t", "model/vnd.mts"]
ZIPS = """application/java-archive application/vnd.android.package-archive
    application/vnd.google-earth.kmz application/x-pytorch application/x-npz model/3mf
    image/openraster application/x-krita application/vnd.visio application/x-xpinstall
    application/vnd.apple.keynote application/vnd.apple.numbers application/vnd.apple.pages
    application/oxps application/vnd.ms-xpsdocument application/x-cbr""".split()
ZIP_FAMILIES = ("application/vnd.openxmlformats-officedocument.",
                "application/vnd.oasis.opendocument.", "application/vnd.sun.xml.")
OLES = """application/msword application/vnd.ms-excel application/vnd.ms-powerpoint
    application/vnd.ms-outlook application/x-msi application/vnd.visio
    application/x-mspublisher application/vnd.ms-project application/vnd.ms-works""".split()

# Said of anything, so that it says nothing.
NOTHING = "application/octet-stream"
RANKS = {"iana": 0, "apache": 1, "nginx": 2, None: 3}
WIDTH = 100


def read(path):
    """Types with their extensions, and the owner of each extension."""
    with open(path, encoding="utf-8") as file:
        database = json.load(file)
    types = {name: list(entry.get("extensions", ())) for name, entry in database.items()}
    claims = {}
    for name, extensions in types.items():
        for extension in extensions:
            claims.setdefault(extension, []).append(name)
    for name, extensions in OURS.items():
        own = extensions.split()
        types[name] = own + [one for one in types.get(name, ()) if one not in own]
        for extension in own:
            claims.setdefault(extension, [])
            if name not in claims[extension]:
                claims[extension].append(name)
    owners = {}
    for extension, names in claims.items():
        def rank(name):
            return (name == NOTHING, RANKS[database.get(name, {}).get("source")])
        names = sorted(names, key=lambda name: (rank(name), name))
        if extension in OWNERS:
            owner = OWNERS[extension]
        else:
            tied = [name for name in names if rank(name) == rank(names[0])]
            if len(tied) > 1:
                sys.exit(f"{extension} is claimed by {tied}: say in OWNERS whose it is")
            owner = names[0]
        if extension not in types[owner]:
            types[owner].append(extension)
        if owner != NOTHING:
            owners[extension] = owner
    return types, owners


def category_of(name):
    """Of a name that is no alias."""
    for category, names in (("document", DOCUMENTS), ("archive", ARCHIVES), ("model", MODELS),
                            ("executable", EXECUTABLES), ("font", FONTS)):
        if name in names:
            return category
    if name in OTHERS:
        return OTHERS[name]
    if name.startswith(DOCUMENT_FAMILIES):
        return "document"
    first = name.split("/")[0]
    if first in ("image", "video", "audio", "text", "model", "font"):
        return first
    if name.endswith("+zip"):
        return "archive"
    return "text" if name in TEXTS or name.endswith(("+json", "+xml", "+yaml")) else "data"


def forms_of(name):
    """What bytes of the type may be known as: the bits of `media_form`."""
    text, json_text, xml_text, zip_archive, ole_file = 1, 2, 4, 8, 16
    forms = 0
    if name.startswith("text/") or name in TEXTS or name.endswith(("+json", "+xml", "+yaml")):
        forms |= text
    if name in ("application/json", "application/x-ndjson") or name.endswith("+json"):
        forms |= json_text
    if name == "application/xml" or name.endswith("+xml"):
        forms |= xml_text
    if name in ZIPS or name.startswith(ZIP_FAMILIES) or name.endswith(("+zip", ".macroenabled.12")):
        forms |= zip_archive
    if name in OLES:
        forms |= ole_file
    return forms


def write_rows(rows):
    line = ""
    for row in rows:
        if len(line) + len(row) + 1 > WIDTH:
            print(line)
            line = ""
        line += (" " if line else "") + row
    print(line)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    types, owners = read(sys.argv[1])
    canonical = {alias: name for name, aliases in ALIASES.items() for alias in aliases.split()}
    twice = sorted(name for name in ALIASES if name in canonical)
    if twice:
        sys.exit(f"{twice} are other names, and have other names")
    for name in [*canonical, *canonical.values(), *OURS]:
        types.setdefault(name, [])
    # Of a type without an extension only the name is known, which the caller has, too; unless it
    # has another name or is more than that name says.
    types[NOTHING] = []
    names = sorted(name for name, extensions in types.items()
                   if extensions or name in canonical or name in OURS
                   or name in canonical.values() or name in EXECUTABLES)
    numbers = {name: number for number, name in enumerate(names)}

    def row_of(name):
        same = canonical.get(name, name)
        extensions = types[same] or types[name]
        return (f'{{"{name}", "{extensions[0] if extensions else ""}", {numbers[same]}, '
                f'{category_of(same)}, {forms_of(same)}}},')

    print(f"// Written by media_types.py from mime-db {sys.argv[2]}.")
    print("// MIT licence: see media_types.LICENSE.")
    print("constexpr media_type_row media_type_rows[] = {")
    write_rows(map(row_of, names))
    print("};")
    print("constexpr extension_row extension_rows[] = {")
    write_rows(f'{{"{extension}", {numbers[canonical.get(owner, owner)]}}},'
               for extension, owner in sorted(owners.items()))
    print("};")


if __name__ == "__main__":
    main()
