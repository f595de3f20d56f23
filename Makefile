# Two commands matter: `make run` and `make test`. Both install what is missing first.

.DEFAULT_GOAL := help
.PHONY: help run test demo lint bench soak

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

run: ## build everything in release and start the wallet
	@scripts/run.sh

test: ## everything: Rust, UI, and the journeys end to end under Xvfb
	@scripts/test.sh

demo: ## the whole story in a terminal, against the playground
	@scripts/run.sh demo

lint: ## formatting, clippy, docs, and the dependencies' licences and origins
	@scripts/lint.sh

bench: ## what the wallet adds to a call, beside its peers, in one table
	@scripts/bench.sh $(ARGS)

soak: ## a hundred thousand calls to servers that fail in every way
	@scripts/rust.sh soak
