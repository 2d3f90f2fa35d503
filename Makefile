# SPDX-License-Identifier: BSD-2-Clause
# The front door. Meson does the work; see meson.build.

BUILD ?= build
MESON ?= meson
DESTDIR ?=
PREFIX ?= /usr/local

.PHONY: all setup test demo asan ubsan lint install cover test-corpus clean help

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@command -v $(MESON) >/dev/null || { echo "meson is missing: run tools/setup" >&2; exit 4; }
	@$(MESON) setup $(BUILD) --prefix=$(PREFIX)

setup:
	@tools/setup

# Everything that the project tests, but for the corpus. Ends with the counts.
test: setup
	@tools/test-all --build $(BUILD)

# The same with a sanitizer, in a build directory of its own.
asan: setup
	@tools/test-all --build $(BUILD)-asan --sanitize address
ubsan: setup
	@tools/test-all --build $(BUILD)-ubsan --sanitize undefined

# Every program of the corpus; FULL=1 for all compilers and levels. Then the kernel's own small verifier cases,
# what skep's verifier and the kernel's say of every program, and what programs return in engines and kernel.
test-corpus: setup all
	@bad=0; \
	python3 tests/corpus/run.py --skep $(BUILD)/src/cli/skep $(if $(FULL),--full) || bad=1; \
	python3 tests/corpus/selftests.py --tool $(BUILD)/tests/corpus/selftests || bad=1; \
	python3 tests/corpus/verdicts.py --verify $(BUILD)/tests/corpus/verify --kernel $(BUILD)/tests/corpus/verdicts \
		--base build/corpus build/corpus || bad=1; \
	python3 tests/sys/results.py $(BUILD)/src/cli/skep $(BUILD)/tests/sys/sys-results --inputs 2000 --least 150 \
		build/corpus/clang*-v3 || bad=1; \
	exit $$bad

# A tour; ends with a table of what was gained. 1 when anything differs or is refused.
demo: setup all
	@tools/demo $(BUILD)/src/cli/skep

lint: all
	@BUILD=$(BUILD) tools/lint

cover: setup
	@tools/test-all --build $(BUILD)-cover --coverage
	@tools/coverage $(BUILD)-cover

# make fuzz-elf [SECONDS=60]
fuzz-%:
	@tools/fuzz $* $(SECONDS)

install: all
	@$(if $(filter-out file,$(origin PREFIX)),$(MESON) configure $(BUILD) -Dprefix=$(PREFIX))
	@DESTDIR="$(DESTDIR)" $(MESON) install -C $(BUILD)

clean:
	rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-ubsan $(BUILD)-cover $(BUILD)-fuzz

help:
	@echo "make                  build"
	@echo "make test             all tests (installs what is missing on Debian, as root)"
	@echo "make demo             a tour on the examples"
	@echo "make test-corpus      every program of the corpus [FULL=1]"
	@echo "make asan | ubsan     the tests under a sanitizer"
	@echo "make cover            the tests with line coverage"
	@echo "make fuzz-DOOR        fuzz one of the doors in tests/fuzz [SECONDS=60]"
	@echo "make lint             layers, format, clang-tidy, cppcheck"
	@echo "make install          install [PREFIX=/usr/local] [DESTDIR=]"
