# make run     install what is missing, build in release, run the daemon over the example jobs
# make test    install what is missing, run every test
# make check   what CI runs: format lint, a build with warnings as errors, every test, 10000 seeds of the simulation
# make simulate [SEEDS=10000] [SEED=n]   the planner in as many simulated worlds, or in one; CONTRIBUTING says more
# make prove     that the simulation sees: each of the deliberate bugs in Tests/Simulation/Bugs is found
# make campaign ROUNDS=1000 POINTS=3 [POINT=name] [FAULT=clock|disk] [SEED=n]   kills and breaks the daemon again and again, and audits what it leaves
# make fuzz SECONDS=600 [SEED=n] [SANITIZE=address]   calls the host's modules with whatever comes to mind

SWIFT   ?= swift
JOBS    ?= jobs
SECONDS ?= 600
SEEDS   ?= 10000
ROUNDS  ?= 1000
POINTS  ?= 3
PACKAGES = libarchive-dev libexpat1-dev liblua5.4-dev libsqlite3-dev zlib1g-dev pkg-config tzdata luarocks lua-check \
           openssl python3-aiosmtpd
RELEASE  = -c release --static-swift-stdlib

.PHONY: help run build test check lint format setup benchmark fuzz simulate campaign clean

help:
	@sed -n 's/^# make/make/p' Makefile

setup:
	@scripts/setup $(PACKAGES)

build: setup
	@echo "==> Building in release (the first time takes some minutes)" >&2
	$(SWIFT) build $(RELEASE) --product almanac

run: build
	$$($(SWIFT) build $(RELEASE) --show-bin-path)/almanac serve $(JOBS)

test: setup
	$(SWIFT) test

lint:
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks

format:
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks

check: setup lint
	ALMANAC_FUZZ_SECONDS=60 $(SWIFT) test
	$(MAKE) simulate

benchmark: setup
	cd Benchmarks && $(SWIFT) package --disable-sandbox benchmark

# With a sanitizer everything is built once more, beside the rest.
FUZZ_BUILD = $(if $(SANITIZE),--sanitize=$(SANITIZE) --scratch-path .build/$(SANITIZE))

fuzz: setup
	$(SWIFT) build --build-tests $(FUZZ_BUILD)
	ASAN_OPTIONS=detect_leaks=0 ALMANAC_FUZZ_SECONDS=$(SECONDS) ALMANAC_FUZZ_SEED=$(SEED) \
	  $(SWIFT) test --skip-build $(FUZZ_BUILD) --filter FuzzTests

# By itself a small product: it needs neither Lua nor a database.
simulate: setup
	$(SWIFT) build $(RELEASE) --product planner-simulation
	$$($(SWIFT) build $(RELEASE) --show-bin-path)/planner-simulation $(if $(SEED),--seed $(SEED),$(SEEDS))

# A debug build: a release build has no places to be killed at.
campaign: setup
	$(SWIFT) build --product almanac
	$(SWIFT) build --product fault-campaign
	bin=$$($(SWIFT) build --show-bin-path) && \
	$$bin/fault-campaign $$bin/almanac --points $(POINTS) --rounds $(ROUNDS) --point "$(POINT)" \
	  --fault "$(FAULT)" --seed "$(SEED)"

prove: setup
	Tests/Simulation/prove $(SEEDS)

clean:
	rm -rf .build Benchmarks/.build
