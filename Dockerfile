# Two images from one file:
#
#   docker build --target platform -t simfleet/platform .     services, operator and command line
#   docker build --target runner   -t simfleet/runner .       one shard of a job, with the built-in engines
#
# What is in them is decided by hack/images/trees.ts, which hack/images/build.ts makes the same images from where there is no Docker.
# Releases name both bases by digest as well: --build-arg BUILD_BASE=node:24.21.0-trixie-slim@sha256:… and likewise RUNTIME_BASE.
# The runtime base brings glibc, libstdc++, public certificates and the user 65532, but neither a shell nor a package manager.
ARG BUILD_BASE=node:24.21.0-trixie-slim
ARG RUNTIME_BASE=gcr.io/distroless/cc-debian13:nonroot

FROM ${BUILD_BASE} AS repository
WORKDIR /repository
COPY . .

# The manifests alone, so that dependencies are installed again only when these change.
FROM repository AS manifests
RUN mkdir /manifests && find . -name 'package*.json' -exec cp --parents {} /manifests \;

FROM ${BUILD_BASE} AS dependencies
WORKDIR /repository
COPY --from=manifests /manifests ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

# uWebSockets.js is not on npm: it comes from its official tag, with the one binary that fits. Those since v20.55 want glibc 2.38 (uWebSockets.js#1196), which
# Debian 13 has and 12 has not: build and runtime base go together. A binary that does not load here is left out, and so is everything with --build-arg UWS= ;
# sockets are then served by ws.
FROM ${BUILD_BASE} AS uws
ARG UWS=https://codeload.github.com/uNetworking/uWebSockets.js/tar.gz/refs/tags/v20.69.0
WORKDIR /uws
RUN mkdir node_modules \
  && if [ -n "$UWS" ]; then npm install --no-save --ignore-scripts --no-audit --no-fund "$UWS"; fi \
  && find node_modules -name '*.node' ! -name "uws_linux_$(node -p process.arch)_$(node -p process.versions.modules).node" -delete \
  && rm -f node_modules/.package-lock.json \
  && (node -e "require('uWebSockets.js')" || rm -rf node_modules/*)

FROM repository AS trees
COPY --from=dependencies /repository ./
RUN node --no-warnings hack/images/write-tree.ts --image platform --out /trees/platform \
  && node --no-warnings hack/images/write-tree.ts --image runner --out /trees/runner

FROM ${RUNTIME_BASE} AS base
COPY --from=dependencies /usr/local/bin/node /usr/local/bin/node
ENV PATH=/usr/local/bin:/usr/bin:/bin NODE_ENV=production
WORKDIR /app
USER 65532:65532
STOPSIGNAL SIGTERM
# Kubernetes asks /healthz and /readyz; a check inside the image would be a second opinion.
HEALTHCHECK NONE

FROM base AS runner
LABEL org.opencontainers.image.description="One shard of a Simfleet job, with the built-in engines" \
  org.opencontainers.image.licenses="Apache-2.0"
COPY --from=trees /trees/runner ./
ENTRYPOINT ["/usr/local/bin/node", "packages/simulation/src/container/shard-main.ts"]

# The last one is what a build without --target makes. Its program is chosen by who starts it:
#   services/all-in-one/src/main.ts --target jobs … · operator/src/main.ts … · packages/cli/bin/simfleet.js …
FROM base AS platform
LABEL org.opencontainers.image.description="Services, operator and command line of Simfleet" \
  org.opencontainers.image.licenses="Apache-2.0"
COPY --from=trees /trees/platform ./
COPY --from=uws /uws/node_modules/ ./node_modules/
ENTRYPOINT ["/usr/local/bin/node"]
