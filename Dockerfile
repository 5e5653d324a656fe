# Tocsin for a PostgreSQL of your own (DATABASE_URL or DATABASE_URL_FILE). The embedded server is left
# out: its binaries are optional packages, and a container has no place to keep a database in.
# The Node that npm pins. Give an image with its digest to pin it to the byte.
ARG NODE_IMAGE=node:24.21.0-slim

# Writes the Prisma client, which needs the development packages.
FROM ${NODE_IMAGE} AS client
WORKDIR /app
COPY package.json package-lock.json prisma.config.ts ./
COPY prisma/ prisma/
COPY scripts/generate-client.ts scripts/install-hooks.ts scripts/
RUN npm ci --no-audit --no-fund

# The packages that run. Prisma's CLI and the compiler are optional peers of its client, so that
# leaving out only the development packages would keep them.
FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE}
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
      /opt/yarn* /usr/local/bin/yarn /usr/local/bin/yarnpkg \
  && install -d -o node -g node -m 0700 /var/lib/tocsin
WORKDIR /app
COPY package.json LICENSE ./
COPY bin/ bin/
COPY prisma/ prisma/
COPY --from=packages /app/node_modules/ node_modules/
COPY docs/errors/ docs/errors/
COPY src/ src/
COPY --from=client /app/src/store/generated/ src/store/generated/

# Nothing is written but to the data directory (the first admin key), so the root may be read-only.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 TOCSIN_DATA_DIR=/var/lib/tocsin
VOLUME /var/lib/tocsin
USER node
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "const { PORT: port, TOCSIN_TLS_CERT: tls } = process.env; require(tls ? 'node:https' : 'node:http').get({ host: '127.0.0.1', port, path: '/healthz', rejectUnauthorized: false }, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
ENTRYPOINT ["node", "bin/tocsin.js"]
CMD ["serve"]
