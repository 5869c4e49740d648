# One image for both processes, api and worker. It has no build step, no dev dependencies, no embedded database and no mailbox.
FROM node:24-slim

ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Our optional packages are the embedded database and the mailbox: in production, PostgreSQL and the relay are elsewhere.
# `--omit=optional` would also leave out the platform part of sharp, which makes pictures.
RUN npm pkg delete optionalDependencies && npm ci --omit=dev --ignore-scripts
# `paperboy init` fills in .env.example.
COPY tsconfig.json .env.example ./
COPY src ./src
COPY workers ./workers
COPY templates ./templates
COPY migrations ./migrations

# A new volume takes its owner from this folder.
RUN mkdir /data && chown node:node /data

USER node
ENV HOST=0.0.0.0 DATA_DIR=/data
EXPOSE 3000
CMD ["node", "--max-semi-space-size=16", "src/api.ts"]
