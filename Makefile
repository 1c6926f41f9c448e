# Reckon: `make help` prints the targets.
#
# Flags that decide numbers stand here and nowhere else:
#   -std=c11 -ffp-contract=off  no silent fused multiply-adds in ordinary files
#   HOT_FLAGS                   hot loops (*_hot.c) may fuse: each CPU level has its own bits, by design
#   EXACT_FLAGS                 but the canonical dot product and the element kernels: one result on every CPU level and on CUDA
#   CUDA_FLAGS                  -fmad=false: what fuses on a GPU says so in the source (fma), as in its emulation
#   no -Ofast, no -ffast-math   they break NaN and infinity handling
BUILD ?= build
PREFIX ?=
SANITIZE ?=
CC ?= gcc
CXX ?= g++
PKGS = libzmq jansson libsodium libutf8proc sqlite3
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
VERSION := 0.1.0
BUILD_ID := $(VERSION)-$(shell git describe --always --dirty 2>/dev/null || echo unknown)

Q = $(if $(V),,@)# V=1 shows the commands
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wno-format-nonliteral -Werror
CFLAGS_ALL = -std=c11 -D_GNU_SOURCE -O2 -g -ffp-contract=off -fno-math-errno -fno-trapping-math -fPIC -I. -MMD -MP $(WARN) $(PKG_CFLAGS) $(CFLAGS)
LIBS = $(PKG_LIBS) -lpthread -ldl -lm
ifneq ($(SANITIZE),)
CFLAGS_ALL += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=undefined
LIBS += -fsanitize=$(SANITIZE)
endif
HOT_FLAGS = -O3 -ffp-contract=fast -fno-signed-zeros
EXACT_FLAGS = -O3 -ffp-contract=off
ifeq ($(shell uname -m),x86_64)
HOT_LEVELS = 2 3 4
HOT_ISA_2 = -march=x86-64-v2
HOT_ISA_3 = -march=x86-64-v3
HOT_ISA_4 = -march=x86-64-v4 -mprefer-vector-width=512
else
HOT_LEVELS = 2
endif

# --- layers, lowest first: lower never includes higher (tests/lint checks it) ---
LAYERS = base device store data metrics models eval plots projection lang wire builtins kernel
DIRS_base = runtime/base
DIRS_device = runtime/device
DIRS_store = runtime
DIRS_data = runtime/data
DIRS_metrics = models/metrics
DIRS_models = models models/classic
DIRS_eval = models/eval
DIRS_plots = plots
DIRS_projection = plots/projection
DIRS_lang = kernel/lang
DIRS_wire = kernel/wire
DIRS_builtins = kernel/builtins
DIRS_kernel = kernel
NEEDS_base =
NEEDS_device = base
NEEDS_store = base
NEEDS_data = store device base
NEEDS_metrics = base
NEEDS_models = metrics data store device base
NEEDS_eval = models metrics data store device base
NEEDS_plots = base
NEEDS_projection = plots device base
NEEDS_lang = base
NEEDS_wire = base
NEEDS_builtins = eval models metrics data projection plots store device lang base
NEEDS_kernel = builtins wire eval models metrics data projection plots store device lang base

define LAYER
SRC_$(1) := $$(filter-out kernel/main.c %_hot.c,$$(wildcard $$(addsuffix /*.c,$$(DIRS_$(1)))))
HOT_$(1) := $$(wildcard $$(addsuffix /*_hot.c,$$(DIRS_$(1))))
OBJ_$(1) := $$(SRC_$(1):%.c=$$(BUILD)/obj/%.o) $$(foreach l,$$(HOT_LEVELS),$$(HOT_$(1):%.c=$$(BUILD)/obj/%.v$$(l).o))
LIB_$(1) := $$(BUILD)/lib$(1).a
$$(LIB_$(1)): $$(OBJ_$(1))
	@rm -f $$@; mkdir -p $$(@D); ar rcs $$@ $$^
TESTS_$(1) := $$(patsubst tests/unit/$(1)/%.c,$$(BUILD)/tests/$(1)/%,$$(wildcard tests/unit/$(1)/test_*.c))
$$(TESTS_$(1)): $$(BUILD)/tests/$(1)/%: tests/unit/$(1)/%.c $$(LIB_$(1)) $$(foreach n,$$(NEEDS_$(1)),$$(BUILD)/lib$$(n).a)
	@mkdir -p $$(@D)
	@echo "  LD  $$@"
	$$(Q)$$(CC) $$(CFLAGS_ALL) $$< -o $$@ -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(LIBS) -lcmocka -rdynamic
endef
$(foreach l,$(LAYERS),$(eval $(call LAYER,$(l))))

# what a test puts in a function's place, to count its calls
$(BUILD)/tests/models/test_content: LIBS += -Wl,--wrap=asker_of

KERNEL = $(BUILD)/reckon-kernel
.DEFAULT_GOAL := all
all: $(KERNEL) plugins ## build the kernel and its plugins into build/

$(BUILD)/obj/runtime/base/plugin.o: CFLAGS_ALL += -DRECKON_BUILD_ID='"$(BUILD_ID)"'
$(BUILD)/obj/kernel/kernelspec.o: kernel.json $(wildcard install/logo-*)
$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC  $<"
	$(Q)$(CC) $(CFLAGS_ALL) -c $< -o $@
define HOT_RULE
$$(BUILD)/obj/%.v$(1).o: %.c
	@mkdir -p $$(@D)
	@echo "  CC  $$< (level $(1))"
	$$(Q)$$(CC) $$(CFLAGS_ALL) $$(HOT_FLAGS) $$(HOT_ISA_$(1)) -DHOT_LEVEL=$(1) -c $$< -o $$@
endef
$(foreach l,$(HOT_LEVELS),$(eval $(call HOT_RULE,$(l))))
$(foreach l,$(HOT_LEVELS),$(BUILD)/obj/runtime/device/dot_hot.v$(l).o $(BUILD)/obj/runtime/device/kernels_hot.v$(l).o): HOT_FLAGS = $(EXACT_FLAGS)

$(KERNEL): $(BUILD)/obj/kernel/main.o $(foreach l,$(LAYERS),$(LIB_$(l)))
	@echo "  LD  $@"
	$(Q)$(CC) $(CFLAGS_ALL) $< -o $@ -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS) -rdynamic

# --- plugins (each a section of its own) ---
plugins:

# net: what fetches data sets
DIRS_net = runtime/net
NEEDS_net = data base
NET_PLUGIN = $(BUILD)/lib/libreckon_net.so
plugins: $(NET_PLUGIN)
$(NET_PLUGIN): $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard runtime/net/*.c))
	@mkdir -p $(@D)
	@echo "  LD  $@"
	$(Q)$(CC) $(CFLAGS_ALL) -shared $^ -o $@ $(shell pkg-config --libs libcurl libarchive)
$(BUILD)/tests/data/test_download $(BUILD)/tests/data/test_download_bad $(BUILD)/tests/data/test_archive: | $(NET_PLUGIN)

# cuda: the GPU backend, where nvcc is; its emulation by the host compiler, for tests, everywhere
NVCC ?= $(firstword $(shell command -v nvcc 2>/dev/null) $(wildcard /usr/local/cuda/bin/nvcc))
CUDA_HOME := $(patsubst %/bin/,%,$(if $(NVCC),$(dir $(realpath $(shell command -v $(NVCC) 2>/dev/null)))))
CUDA_ARCH = -gencode arch=compute_80,code=sm_80 -gencode arch=compute_90,code=sm_90 -gencode arch=compute_90,code=compute_90
CUDA_FLAGS = -fmad=false -std=c++20 -O3 $(CUDA_ARCH) -I. -MMD -MP -Werror all-warnings \
	-Xcompiler -fPIC,-fvisibility=hidden,-ffp-contract=off,-Wall,-Wextra
EMULATED_FLAGS = -x c++ -std=c++20 -O2 -g -ffp-contract=off -fPIC -fvisibility=hidden -I. -MMD -MP -Wall -Wextra -Wshadow -Werror \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
CUDA_SRC := $(wildcard runtime/device/cuda*.cu)
CUDA_PLUGIN = $(BUILD)/lib/libreckon_cuda.so
EMULATED_PLUGIN = $(BUILD)/lib/libreckon_cuda_emulated.so
plugins: $(if $(wildcard $(CUDA_HOME)/include/cublas_v2.h),$(CUDA_PLUGIN))
$(CUDA_PLUGIN): $(CUDA_SRC:%.cu=$(BUILD)/obj/%.cuda.o)
	@mkdir -p $(@D)
	@echo "  NVLD $@"
	$(Q)$(NVCC) -shared $^ -o $@ -lcublas -Xlinker -rpath=$(CUDA_HOME)/lib64
$(BUILD)/obj/%.cuda.o: %.cu
	@mkdir -p $(@D)
	@echo "  NVCC $< (sm_80, sm_90, PTX)"
	$(Q)$(NVCC) $(CUDA_FLAGS) -c $< -o $@
$(EMULATED_PLUGIN): $(CUDA_SRC:%.cu=$(BUILD)/obj/%.emulated.o)
	@mkdir -p $(@D)
	@echo "  LD  $@"
	$(Q)$(CXX) $(if $(SANITIZE),-fsanitize=$(SANITIZE)) -shared $^ -o $@ -lm
$(BUILD)/obj/%.emulated.o: %.cu
	@mkdir -p $(@D)
	@echo "  CXX $< (emulation)"
	$(Q)$(CXX) $(EMULATED_FLAGS) -c $< -o $@

# --- tests ---
UNIT = $(foreach l,$(LAYERS),$(TESTS_$(l)))
test-unit: $(UNIT) ## unit tests (T=name: only those whose path holds it)
	@sh tests/unit/run.sh $(if $(T),$(foreach t,$(UNIT),$(if $(findstring $(T),$(t)),$(t))),$(UNIT))
$(foreach l,$(LAYERS),test-unit-$(l)): test-unit-%:
	@$(MAKE) --no-print-directory $(TESTS_$*) && sh tests/unit/run.sh $(TESTS_$*)

PARITY = $(BUILD)/tests/device/parity
parity: $(PARITY) $(EMULATED_PLUGIN) ## every operation of the CPU and of the CUDA backend, emulated, side by side (no GPU needed)
	@RECKON_PLUGINS="$(abspath $(BUILD)/lib)" $(PARITY) emulated
test-gpu: $(PARITY) plugins ## the same list on a real GPU; skipped where there is none
	@RECKON_PLUGINS="$(abspath $(BUILD)/lib)" $(PARITY) gpu
$(PARITY): $(wildcard tests/device/*.c) $(wildcard tests/device/*.h) $(LIB_device) $(LIB_base)
	@mkdir -p $(@D)
	@echo "  LD  $@"
	$(Q)$(CC) $(CFLAGS_ALL) $(filter %.c,$^) -o $@ -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS) -rdynamic
BENCHES = $(patsubst tests/bench/bench_%.c,$(BUILD)/tests/bench/%,$(wildcard tests/bench/bench_*.c))
bench: $(if $(B),$(BUILD)/tests/bench/$(B),$(BENCHES)) ## measures against the targets (B=name: only that one)
	@for b in $^; do echo "== $${b##*/}"; $$b || exit 1; done
$(BUILD)/tests/bench/kernel: $(wildcard tests/bench/kernel_*) | $(KERNEL) $(BUILD)/peers/installed
$(addprefix $(BUILD)/tests/bench/,bpr cosine ials knn mf rank topk): tests/bench/peer.h | $(BUILD)/peers/installed
$(addprefix $(BUILD)/tests/bench/,knn order rmse): tests/bench/settings.h
$(BUILD)/peers/installed: tests/bench/peers.sh
	@sh $< $(@D)
$(BUILD)/tests/bench/%: tests/bench/bench_%.c $(foreach l,$(LAYERS),$(LIB_$(l)))
	@mkdir -p $(@D)
	@echo "  LD  $@"
	$(Q)$(CC) $(CFLAGS_ALL) $(filter %.c,$^) -o $@ -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS) -rdynamic
test-lang: $(BUILD)/tests/lang/run ## cells with their expectations on the line (T=name)
	@$(BUILD)/tests/lang/run $(if $(T),-k $(T)) tests/lang
acceptance: $(BUILD)/tests/lang/run ## whole notebooks of cells as users write them: the language, data, Lab B.1, ranking (T=lab_b1)
	@$(BUILD)/tests/lang/run -k acceptance_$(T) tests/lang
$(BUILD)/tests/lang/run: $(wildcard tests/lang/*.c) $(foreach l,$(LAYERS),$(LIB_$(l)))
	@mkdir -p $(@D)
	@echo "  LD  $@"
	$(Q)$(CC) $(CFLAGS_ALL) $(filter %.c,$^) -o $@ -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS) -rdynamic
# fuzz: each tests/fuzz/target_<name>.c is linked with libFuzzer (make fuzz, clang), and with a runner over its corpus (make test-fuzz)
FUZZ = $(patsubst tests/fuzz/target_%.c,%,$(wildcard tests/fuzz/target_*.c))
FUZZ_PARTS = $(filter-out tests/fuzz/target_% tests/fuzz/corpus.c tests/fuzz/dictionary.c,$(wildcard tests/fuzz/*.c))
FUZZ_CORPUS = $(FUZZ:%=$(BUILD)/tests/fuzz/%)
FUZZ_CHOSEN = $(if $(T),$(T),$(FUZZ))
test-fuzz: $(FUZZ_CORPUS) ## the committed corpora of the fuzz targets, without libFuzzer (T=name)
	@failed=0; for t in $(FUZZ_CHOSEN); do $(BUILD)/tests/fuzz/$$t tests/fuzz/corpus/$$t || failed=1; done; exit $$failed
# AddressSanitizer copies a text whenever it grows: SQLite's printf would take minutes for one of 64 MiB
FUZZ_BUILD = BUILD=$(BUILD)/fuzz CC=clang SANITIZE=address,undefined \
	CFLAGS="-fsanitize-coverage=inline-8bit-counters,pc-table -DDATABASE_VALUE_BYTES_MAX=1048576" NVCC=
RUNS ?= 20000
TIME ?= 60
fuzz: ## libFuzzer over each target, findings into build/fuzz (T=name, RUNS=how many, TIME=s at most; needs clang)
	@$(MAKE) --no-print-directory -j$(JOBS) $(FUZZ_BUILD) fuzzers
	@for t in $(FUZZ_CHOSEN); do sh tests/fuzz/run.sh $(BUILD)/fuzz $$t $(RUNS) $(TIME) || exit 1; done
fuzzers: $(FUZZ:%=$(BUILD)/fuzz-%) $(BUILD)/language.dict
$(BUILD)/language.dict: $(BUILD)/tests/fuzz/dictionary
	@$< > $@.new && mv $@.new $@
# -z muldefs: what a target defines itself takes the place of what the libraries have under that name
define FUZZ_LINK
@mkdir -p $(@D)
@echo "  LD  $@"
$(Q)$(CC) $(CFLAGS_ALL) $(1) $(filter %.c,$^) -o $@ -Wl,-z,muldefs -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS) -rdynamic
endef
$(BUILD)/fuzz-%: tests/fuzz/target_%.c $(FUZZ_PARTS) $(foreach l,$(LAYERS),$(LIB_$(l)))
	$(call FUZZ_LINK,-fsanitize=fuzzer)
$(FUZZ_CORPUS): $(BUILD)/tests/fuzz/%: tests/fuzz/target_%.c tests/fuzz/corpus.c $(FUZZ_PARTS) $(foreach l,$(LAYERS),$(LIB_$(l)))
	$(call FUZZ_LINK)
$(BUILD)/tests/fuzz/dictionary: tests/fuzz/dictionary.c $(FUZZ_PARTS) $(foreach l,$(LAYERS),$(LIB_$(l)))
	$(call FUZZ_LINK)
test-wire: all $(VENV_TEST) ## the protocol over tcp, ipc and curve, by jupyter_client, bare zmq and jupyter_kernel_test
	@$(PYTHON) tests/wire/run.py --kernel $(KERNEL) $(T)
test-notebooks: all $(VENV_TEST) ## executes the notebooks (quick) and checks their numbers
	@$(PYTHON) tests/notebooks/run.py --kernel $(KERNEL) $(T)
test-browser: all $(VENV_TEST) ## JupyterLab and Notebook 7 in headless Chromium, with pictures of every step (T=name)
	@$(PYTHON) tests/browser/run.py --kernel $(KERNEL) --out $(BUILD)/browser $(T)
test-frontends: all $(VENV_TEST) ## jupyter console, nbconvert and papermill; what outputs are made of (T=name)
	@$(PYTHON) tests/frontends/run.py --kernel $(KERNEL) $(T)
test-install: wheel deb $(VENV_TEST) ## every way to install, each in a clean place, and away again (T=part)
	@$(PYTHON) tests/install/run.py --build $(BUILD) --dist $(DIST) $(T)
lint: ## include direction, header owners, headers alone, formatting, registry
	@sh tests/lint/run.sh
SOAK = $(BUILD)/tests/soak/soak
SCALE ?= 1
soak: all $(SOAK) ## a million cells, clients that come and go: memory, descriptors and threads stay flat (SCALE=0.01: fewer; TRANSPORT=tcp|ipc)
	@RECKON_HISTORY=off RECKON_RUNS=off $(SOAK) $(SCALE) $(TRANSPORT)
	@rm -rf $(BUILD)/soak-history; RECKON_HISTORY=$(abspath $(BUILD))/soak-history/history.sqlite RECKON_RUNS=$(abspath $(BUILD))/soak-history/runs.sqlite $(SOAK) $(SCALE) $(TRANSPORT)
$(SOAK): tests/soak/soak.c $(LIB_wire) $(LIB_base)
	@mkdir -p $(@D)
	@echo "  LD  $@"
	$(Q)$(CC) $(CFLAGS_ALL) $(filter %.c,$^) -o $@ -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS) -rdynamic
# Built under a sanitizer only: it looks for leaks, and walks frame pointers.
TORTURE = $(BUILD)/tests/torture/torture
TORTURE_WRAPS = $(addprefix -Wl$(comma)--wrap=,mem_try xalloc xalloc_array xrealloc xstrdup xstrndup xmemdup)
comma = ,
$(TORTURE): $(wildcard tests/torture/*.c) $(wildcard tests/torture/*.h) $(foreach l,$(LAYERS),$(LIB_$(l)))
	@mkdir -p $(@D)
	@echo "  LD  $@"
	$(Q)$(CC) $(CFLAGS_ALL) $(filter %.c,$^) -o $@ -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(TORTURE_WRAPS) $(LIBS) -lcmocka -rdynamic
ASAN_TORTURE = $(BUILD)/asan/tests/torture/torture
torture: ## memory, disk and descriptors run out at every place in turn, under AddressSanitizer (T=name)
	@$(MAKE) --no-print-directory -j$(JOBS) $(ASAN_BUILD) $(ASAN_TORTURE)
	@ASAN_OPTIONS=detect_leaks=1 $(ASAN_TORTURE) --whole $(if $(T),-k $(T))
ASAN_BUILD = BUILD=$(BUILD)/asan SANITIZE=address,undefined CFLAGS=-O1 NVCC=
asan: ## the fast tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(MAKE) --no-print-directory -j$(JOBS) $(ASAN_BUILD) built $(ASAN_TORTURE)
	@ASAN_OPTIONS=detect_leaks=1:abort_on_error=1 $(MAKE) --no-print-directory $(ASAN_BUILD) test-unit test-lang test-fuzz parity
	@ASAN_OPTIONS=detect_leaks=1 $(ASAN_TORTURE)
TSAN_BUILD = BUILD=$(BUILD)/tsan SANITIZE=thread CFLAGS=-O1 NVCC=
# Of the models those whose frozen state is filled in later, by any thread.
TSAN_TESTS = $(patsubst $(BUILD)/%,$(BUILD)/tsan/%,$(TESTS_base) $(TESTS_kernel) $(BUILD)/tests/models/test_ials)
tsan: ## our own threads under ThreadSanitizer
	@$(MAKE) --no-print-directory -j$(JOBS) $(TSAN_BUILD) $(TSAN_TESTS)
	@sh tests/unit/run.sh $(TSAN_TESTS)
# valgrind has no AVX-512, hence the level
valgrind: $(TESTS_wire) $(TESTS_kernel) ## the tests of the wire and of the kernel under valgrind: no invalid access, no leak (needs valgrind)
	@RECKON_ISA=v2 RUNNER="valgrind -q --leak-check=full --errors-for-leak-kinds=definite --error-exitcode=9" sh tests/unit/run.sh $^

# What tests are made of, so that it can be built on all cores and then run in order.
JOBS ?= $(shell nproc)
built: all $(UNIT) $(BUILD)/tests/lang/run $(FUZZ_CORPUS) $(PARITY) $(EMULATED_PLUGIN)
test: setup-test ## sets up and runs every test
	@$(MAKE) --no-print-directory -j$(JOBS) built
	@$(MAKE) --no-print-directory -j1 test-all
# A second make: the first began before the packages were installed, so it found neither libraries nor compilers.
# In order (-j1), also where somebody says make -j test: some of them measure short times.
test-all: all test-unit lint parity test-lang test-fuzz test-wire test-install test-notebooks test-frontends test-browser asan
	@echo "make test: everything passed"

# --- setting up, running, installing ---
VENV = $(BUILD)/venv
PYTHON ?= $(VENV)/bin/python
VENV_TEST = $(if $(filter $(VENV)/bin/python,$(PYTHON)),$(VENV)/installed--test)
$(VENV)/installed--test: install/requirements.txt install/requirements-test.txt
	@install/venv.sh $(VENV) --test
setup: ## installs the system packages and Jupyter (into build/venv)
	@install/deps.sh
	@install/venv.sh $(VENV)
setup-test:
	@install/deps.sh --test
	@install/venv.sh $(VENV) --test
demo: setup ## sets up, builds, installs the kernelspec, executes Lab B.1, writes build/demo/lab_b1.html
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@$(MAKE) --no-print-directory demo-run
demo-run: all
	@$(MAKE) --no-print-directory install
	@install/demo.sh $(BUILD) $(PYTHON)
report: all ## executes the notebooks whole and keeps their outputs in them, and Lab B.1's map as a picture
	@for n in notebooks/*.ipynb; do \
	  $(PYTHON) install/execute.py --kernel $(KERNEL) --notebook $$n --picture $$(echo $$n | cut -d_ -f1,2)_map.png $$n || exit 1; done
install: all ## installs for this user, or into PREFIX=P (DESTDIR= is respected)
	@install/install.sh $(BUILD) "$(PREFIX)"
uninstall: ## removes what install put there
	@install/install.sh $(BUILD) "$(PREFIX)" uninstall
DIST = $(BUILD)/dist
TOOLS = $(BUILD)/tools
$(TOOLS)/installed: install/requirements-wheel.txt
	@python3 -m venv $(TOOLS) && $(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check -r $< && touch $@
wheel: all $(TOOLS)/installed ## a wheel for pip, in build/dist: binary, plugins, shared libraries, kernelspec, papermill's translator
	@python3 install/wheel.py --build $(BUILD) --version $(VERSION) --tools $(TOOLS)/bin $(DIST)
deb: all ## Debian packages, in build/dist (DEBFULLNAME, DEBEMAIL: who gives them out)
	@install/deb.sh $(BUILD) $(VERSION) $(DIST)
clean: ## remove build/
	rm -rf $(BUILD)
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | sort | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

.PHONY: all built plugins parity bench test-gpu test-unit test-lang acceptance test-fuzz fuzz fuzzers test-wire test-notebooks test-browser test-frontends test-install test test-all lint asan torture soak tsan valgrind clean help \
	setup setup-test demo demo-run report install uninstall wheel deb $(foreach l,$(LAYERS),test-unit-$(l))
-include $(shell find $(BUILD)/obj $(BUILD)/tests -name '*.d' 2>/dev/null)
