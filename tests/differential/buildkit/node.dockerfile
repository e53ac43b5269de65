ARG NODE_VERSION=20
FROM localhost/base AS base
WORKDIR /usr/src/app
ENV NODE_ENV=production \
    # a comment between
    PORT=3000

FROM base AS deps
COPY package.json package-lock.json* ./
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=bind,source=package.json,target=package.json.bound \
    mkdir -p node_modules/dep && cat package.json.bound >node_modules/dep/p

FROM deps AS build
COPY . .
RUN mkdir dist && cp -r app/src/. dist/

FROM base AS final
ARG NODE_VERSION
LABEL org.opencontainers.image.version=${NODE_VERSION} maintainer="a b <c@d>"
COPY --chown=65534:65534 --from=build /usr/src/app/dist ./dist
COPY --from=deps /usr/src/app/node_modules ./node_modules
USER nobody
EXPOSE $PORT
CMD ["node", "dist/index.js"]
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s --retries=3 CMD wget -q localhost:$PORT || exit 1
