# One command per habit; each sets up what it needs. CI runs the same ones (.ci/run).
.PHONY: run test build lint lint-python lint-cython lint-c lint-types format sanitize tsan fuzz soak wheels compatibility clean
.PHONY: pages soak-workers soak-windows soak-expressions soak-checkpoints soak-damage soak-rocksdb soak-kills
.PHONY: soak-recovery soak-kafka soak-files planted
.PHONY: bench bench-quick bench-peers

CYTHON := $(shell find pyflinkx/_core -name '*.pyx')
NATIVE := setup.py $(wildcard csrc/src/*.[ch] csrc/include/pfx/*.h) $(CYTHON) $(shell find pyflinkx/_core -name '*.pxd')
EXTENSIONS := $(subst /,.,$(basename $(CYTHON)))
C_FILES := $(wildcard csrc/src/*.[ch] csrc/include/pfx/*.h tests/core/native/*.[ch])
RUNS ?= 1000000
export JOBS ?= $(shell getconf _NPROCESSORS_ONLN)

export PATH := $(CURDIR)/.venv/bin:$(PATH) # cython-lint calls pycodestyle by name

run: build ## the main job: real flights, delays per airport and hour
	.venv/bin/pyflinkx run pyflinkx/examples/flights.py

test: build
	.venv/bin/python -m pytest --numprocesses $(JOBS) --dist loadfile

build: .venv/built

.venv/ready: pyproject.toml ci/setup.sh
	ci/setup.sh

.venv/built: $(NATIVE) | .venv/ready
	.venv/bin/python setup.py --quiet build_clib build_ext --inplace --parallel $(JOBS)
	@touch $@

lint: lint-python lint-cython lint-c lint-types ## make -k lint: all of them, whatever fails

lint-python: .venv/ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

lint-cython: .venv/ready
	.venv/bin/cython-lint pyflinkx

lint-c: .venv/ready
	.venv/bin/clang-format --dry-run -Werror $(C_FILES)

lint-types: build
	.venv/bin/mypy
	.venv/bin/python -m mypy.stubtest --ignore-disjoint-bases --allowlist ci/stubtest-allowlist.txt \
		$(EXTENSIONS)

format: .venv/ready
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	.venv/bin/clang-format -i $(C_FILES)

sanitize: .venv/ready ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer
	ci/sanitize.sh

tsan: ## threads that share memory, under ThreadSanitizer; SEEDS and FIRST choose the plans
	ci/tsan.sh

fuzz: .venv/ready ## RUNS mutated inputs (10^6) for each decoder, under the same sanitizers
	RUNS=$(RUNS) ci/fuzz.sh

soak: soak-workers soak-windows soak-expressions soak-damage soak-rocksdb soak-checkpoints soak-kills soak-kafka soak-files ## all of the following

soak-kills: build ## the job of tests/reliability under KILLS (1000) kills, each fault point, rescaled, 500 restarts; SEED repeats
	nice .venv/bin/python -m tests.soak.soak_kills --kills $(or $(KILLS),1000) --seed $(or $(SEED),1)
	nice .venv/bin/python -m tests.soak.soak_points --seed $(or $(SEED),1)
	nice .venv/bin/python -m tests.soak.soak_rescale --seed $(or $(SEED),1)
	nice .venv/bin/python -m tests.soak.soak_disk
	RESTARTS=500 CHECKPOINTS=3 nice .venv/bin/python -m pytest -q -s tests/reliability/test_many_restarts.py

soak-files: build ## Parquet, Avro and Delta Lake under KILLS (1000) kills; SEED repeats
	nice .venv/bin/python -m tests.soak.soak_files --kills $(or $(KILLS),1000) --seed $(or $(SEED),1)

soak-recovery: build ## how long it takes from the kill of a worker to the next record, with 100 MB of state
	nice .venv/bin/python -m tests.soak.soak_recovery --kills $(or $(KILLS),30) --seed $(or $(SEED),1)
	nice .venv/bin/python -m tests.soak.soak_recovery --kills $(or $(KILLS),30) --seed $(or $(SEED),1) --start-method fork

soak-kafka: build ## a job from Kafka to Kafka under KILLS (1000) kills and BROKER_KILLS (50) of the broker; SEED repeats
	nice .venv/bin/python -m tests.soak.soak_kafka --kills $(or $(KILLS),1000) --broker-kills $(or $(BROKER_KILLS),50) \
		--seed $(or $(SEED),1)

soak-workers: build ## ROUNDS (200) of random jobs on workers that are killed, stopped and cancelled; SEED repeats
	ci/soak.sh

soak-windows: build ## CASES (100000) of each kind of window and join against naive models; SEED repeats
	nice .venv/bin/python -m tests.soak.soak_windows --runs $(or $(CASES),100000) --seed $(or $(SEED),1)
	nice .venv/bin/python -m tests.soak.soak_native --runs $(or $(CASES),100000) --seed $(or $(SEED),1)

soak-expressions: build ## CASES (100000) of each kind of expression against a naive model; SEED repeats
	nice .venv/bin/python -m tests.soak.soak_expressions --runs $(or $(CASES),100000) --seed $(or $(SEED),1)

soak-rocksdb: build ## 2 GB of state in RocksDB under a budget of 256 MB: memory before, at most, bytes of files
	nice .venv/bin/python -m tests.state.rocksdb_memory $(or $(STATE),2048) $(or $(BUDGET),256)

soak-checkpoints: build ## CHECKPOINTS (1000000) in simulated jobs whose tasks, clients, disk and power fail; SEED repeats
	nice .venv/bin/python -m tests.soak.soak_checkpoints --checkpoints $(or $(CHECKPOINTS),1000000) --seed $(or $(SEED),1)

planted: build ## bugs that are planted in a copy, each of which a test has to find; BUGS names some of them
	nice .venv/bin/python -m tests.planted.run $(BUGS)

soak-damage: build ## CASES (10000) of damage to a checkpoint's files, 500 forged pickles; SEED repeats
	nice .venv/bin/python -m tests.soak.soak_damage --runs $(or $(CASES),10000) --seed $(or $(SEED),1)

bench: build bench-peers ## pyflinkx and its peers in one run, written to docs/performance.md
	.venv/bin/python -m bench.run --page

bench-quick: build bench-peers ## a tenth of it, with the peers that start fast; printed only
	.venv/bin/python -m bench.run --quick

bench-peers: ## a venv for each peer under build/peers; those that cannot be installed are left out
	ci/peers.sh

compatibility: build ## docs/compatibility.md from PyFlink's names and ours
	.venv/bin/python ci/compatibility.py --write

pages: compatibility ## docs/options.md and docs/metrics.md from the code, too
	.venv/bin/python ci/pages.py --write

wheels: .venv/ready ## sdist, then a wheel and a smoke test of it for each CPython found (PYTHONS names others)
	ci/wheels.sh

clean:
	rm -rf build dist wheelhouse out .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find pyflinkx -name '*.so' -delete; rm -f .venv/built
