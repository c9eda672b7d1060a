FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
RUN useradd --system --user-group --create-home --home-dir /var/lib/phocho phocho
COPY --from=build /src/target/release/phocho /usr/bin/phocho
COPY LICENSE-APACHE LICENSE-MIT /usr/share/doc/phocho/
USER phocho
WORKDIR /var/lib/phocho
# All addresses of the container; which of them the world reaches is for its runner to say.
ENV PHOCHO_BIND=0.0.0.0:8080 PHOCHO_DATA_DIR=/var/lib/phocho/data
RUN mkdir -m 0700 data
VOLUME /var/lib/phocho/data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["phocho", "healthcheck"]
ENTRYPOINT ["phocho"]
CMD ["serve"]
