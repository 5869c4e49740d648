# One image for both processes: `npm run api` and `npm run worker`. No build step, no dev parts, no embedded database or mailbox.
FROM node:24-slim

ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Optional packages are the embedded database and the mailbox: in production, PostgreSQL and the relay are elsewhere.
RUN npm ci --omit=dev --omit=optional --ignore-scripts
COPY tsconfig.json ./
COPY src ./src
COPY workers ./workers
COPY templates ./templates
COPY migrations ./migrations

# A volume begins with the owner that its folder has here.
RUN mkdir /data && chown node:node /data

USER node
ENV HOST=0.0.0.0 DATA_DIR=/data
EXPOSE 3000
CMD ["node", "src/api.ts"]
