# The program in an image: built in one stage, run in another without compiler, as a user of its own. It writes nothing
# into its root file system; start it with --read-only. On SQLite, mount a volume at /data.
FROM rust:1.95-trixie AS build
WORKDIR /source
COPY . .
# With TLS to PostgreSQL: this stage has the perl and make that OpenSSL wants.
RUN cargo build --release --locked --bin ahq --features postgres-tls,s3

FROM debian:trixie-slim
# ca-certificates: to know a PostgreSQL by sslrootcert=/etc/ssl/certs/ca-certificates.crt. The other one: for `ahq backup`, no older than the server.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --home-dir /nonexistent ahq \
    && install -d -o ahq -g ahq -m 700 /data
COPY --from=build /source/target/release/ahq /usr/local/bin/ahq
COPY deploy/ready /usr/local/bin/ready
USER 10001
# data/ahq.db and data/keys.json lie in the volume.
WORKDIR /
ENV AHQ_SERVER__LISTEN=0.0.0.0:8080
EXPOSE 8080
STOPSIGNAL SIGTERM
# Of a server; for a worker or a command switch it off.
HEALTHCHECK --interval=5s --timeout=6s --start-period=10s --retries=3 CMD ["ready"]
ENTRYPOINT ["ahq"]
CMD ["serve"]
