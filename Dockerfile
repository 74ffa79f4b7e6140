# The worker and the command line: built in one stage, run in another without compilers, as a user that owns nothing there.
# The rule: what is copied is named here, and nothing else of the folder gets in (.dockerignore keeps secrets out of the build as well). A test does these steps.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# ssh2's install script would compile an option of it, for which there is no compiler here.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
# With the workflow bundle, so that a worker starts without webpack.
RUN npm run build
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24.21.0-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
COPY examples examples
# uid and gid 1000
USER node
ENTRYPOINT ["node", "dist/cli/main.js"]
CMD ["worker"]
