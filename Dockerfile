# The worker and the command line: built in one stage, run in another without compilers, as a user that owns nothing.
FROM node:22.12-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# ssh2's install script would compile an option of it, for which there is no compiler here.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
RUN npm run build && npm prune --omit=dev

FROM node:22.12-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
COPY examples examples
USER node
ENTRYPOINT ["node", "dist/cli/main.js"]
CMD ["worker"]
