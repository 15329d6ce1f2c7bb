# syntax=docker/dockerfile:1
# One static program and the files it needs from a system; no shell.

FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=dev
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    make build VERSION="$VERSION" && mkdir -p /empty/data

FROM scratch
# Issuers, Vault and PostgreSQL are reached over TLS; deadlines have a time zone.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /usr/local/go/lib/time/zoneinfo.zip /zoneinfo.zip
COPY --from=build --chown=10001:10001 /empty/data /data
COPY --from=build /src/bin/kelisim /kelisim
ENV ZONEINFO=/zoneinfo.zip KELISIM_ADDR=0.0.0.0:8080 KELISIM_DATA=/data
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["/kelisim", "healthcheck"]
ENTRYPOINT ["/kelisim"]
CMD ["serve"]
