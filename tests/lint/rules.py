"""What lint knows about the house. The layers themselves stand in the Makefile (DIRS_*, NEEDS_*)."""

# A third-party header and the files (shell patterns) that may know it; the number is how many files at most.
OWNERS = {
    "zmq.h": (["kernel/wire/transport_zmq.c"], 1),
    "sodium.h": (["runtime/base/hash.c"], 1),
    "jansson.h": (["runtime/base/json.h", "runtime/base/json.c"], 2),
    "sqlite3.h": (["runtime/data/database*.c"], 4),
    "utf8proc.h": (["runtime/base/str.c"], 1),
    "curl/curl.h": (["runtime/data/*.c", "runtime/net/*.c"], 1),
    "archive.h": (["runtime/data/*.c", "runtime/net/*.c"], 1),
    "archive_entry.h": (["runtime/data/*.c", "runtime/net/*.c"], 1),
    "cblas.h": (["runtime/device/cpu_blas.c"], 1),
    "cuda_runtime.h": (["runtime/device/cuda*"], 3),
    "cuda.h": (["runtime/device/cuda*"], 3),
    "cublas_v2.h": (["runtime/device/cuda*"], 1),
    "cusolverDn.h": (["runtime/device/cuda*"], 1),
    "pthread.h": (["runtime/base/thread.c", "runtime/base/monitor.c", "kernel/wire/transport_*.c", "kernel/worker*.c"], 5),
    "dlfcn.h": (["runtime/base/plugin.c", "runtime/device/cpu_blas*.c", "runtime/device/cuda*"], 3),
    "spawn.h": (["plots/gnuplot*.c"], 1),
    "sys/wait.h": (["plots/gnuplot*.c"], 1),
    "math.h": (["runtime/*", "models/*", "plots/*", "kernel/*"], 10**6),
}

# Anything else that is not the C library of POSIX or Linux is a third party nobody has named.
SYSTEM = set(
    """assert.h ctype.h errno.h fenv.h float.h inttypes.h iso646.h limits.h locale.h setjmp.h signal.h stdalign.h stdarg.h stdatomic.h
    stdbool.h stddef.h stdint.h stdio.h stdlib.h string.h strings.h tgmath.h time.h uchar.h wchar.h wctype.h
    dirent.h fcntl.h ftw.h glob.h poll.h pwd.h sched.h termios.h unistd.h sys/eventfd.h sys/file.h sys/ioctl.h sys/mman.h sys/prctl.h
    sys/random.h sys/resource.h sys/select.h sys/signalfd.h sys/socket.h sys/stat.h sys/statvfs.h sys/syscall.h sys/sysinfo.h sys/time.h
    sys/timerfd.h sys/types.h sys/uio.h sys/un.h sys/utsname.h sys/vfs.h netinet/in.h arpa/inet.h netdb.h linux/futex.h malloc.h cpuid.h immintrin.h
    execinfo.h""".split()
)

# Functions nobody calls, and why.
BANNED = {
    "strcpy": "copies past the end: use snprintf, memcpy or struct buf",
    "strcat": "copies past the end: use struct buf",
    "sprintf": "writes past the end: use snprintf or buf_addf",
    "vsprintf": "writes past the end: use vsnprintf or buf_addv",
    "strtok": "keeps hidden state: walk over a struct slice",
    "gets": "reads past the end",
    "localtime": "returns shared memory: use localtime_r",
    "gmtime": "returns shared memory: use gmtime_r",
    "ctime": "returns shared memory: use strftime",
    "asctime": "returns shared memory: use strftime",
    "atoi": "takes any text: use parse_int64",
    "atol": "takes any text: use parse_int64",
    "atof": "takes any text and the locale's: use parse_double",
    "rand": "is not ours: use runtime/base/rng.h",
    "srand": "is not ours: use runtime/base/rng.h",
    "random": "is not ours: use runtime/base/rng.h",
    "drand48": "is not ours: use runtime/base/rng.h",
    "system": "runs a shell",
    "popen": "runs a shell",
    "tmpnam": "races: use mkdtemp or file_writer_open",
    "mktemp": "races: use mkdtemp or file_writer_open",
    "alloca": "has no limit: use mem_try or an arena",
}

# Calls a library must not make; the patterns say which files may.
LIBRARY_BANNED = {
    "exit": ["kernel/main.c"],
    "_exit": ["kernel/main.c", "kernel/script.c", "plots/gnuplot*.c"],
    "abort": ["runtime/base/mem.c"],
    "longjmp": [],
    "setjmp": [],
    "printf": ["kernel/main.c"],
    "puts": ["kernel/main.c"],
    "putchar": ["kernel/main.c"],
    "perror": ["kernel/main.c"],
    "setlocale": [],
    "setenv": ["kernel/main.c", "runtime/device/isa.c"],  # isa.c: for main, before any thread
    "putenv": [],
    "fork": [],
    "vfork": [],
}

# Layers that may hold state for the whole process; a file elsewhere is named here with its reason.
STATE_LAYERS = {"base", "device"}
STATE_FILES = {}

MAX_LINES = 600
