# tsworker as an image. Your job modules go to /app/jobs, mounted or in an image of your own:
#
#     FROM tsworker
#     COPY --chown=node package.json package-lock.json ./
#     RUN npm ci --omit=dev
#     COPY --chown=node jobs jobs
#     CMD ["-queues=high=2,low=1"]
#
#     docker run -e REDIS_URL=redis://redis:6379/ -v ./jobs:/app/jobs:ro tsworker -queues=high=2,low=1

FROM node:22-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
# What is in the image is what is in the npm package; its dependencies are those of the lock file. Optional ones are
# left out: the only one is TypeScript's compiler (40 MB), which cosmiconfig names and we do not use.
RUN npm pack --pack-destination /tmp \
 && mkdir /opt/tsworker \
 && tar -xzf /tmp/tsworker-*.tgz -C /opt/tsworker --strip-components=1 \
 && cp package-lock.json /opt/tsworker/ \
 && cd /opt/tsworker \
 && npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
 && chmod 755 bin/tsworker.js

FROM node:22-slim
ENV NODE_ENV=production
COPY --from=build /opt/tsworker /opt/tsworker
RUN ln -s /opt/tsworker/bin/tsworker.js /usr/local/bin/tsworker && mkdir -p /app/jobs && chown -R node:node /app
WORKDIR /app
USER node

# The daemon handles signals also as process 1: TERM lets running jobs end, puts back what was not started, and leaves.
# `docker stop` kills after 10 seconds: give `-t`, or `-grace` below it, to longer jobs. What it does not do as process 1
# is bury the orphans of others: where jobs start programs that start programs, run with `--init`.
STOPSIGNAL SIGTERM

# Healthy: some process here holds an established connection (to Redis, as long as your jobs open none of their own). It
# says nothing about progress, and little where Redis is a unix socket: our processes talk over such among themselves.
# With -http ask /readyz instead: config/docker-compose.yml does.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=4 CMD ["node", "-e", "\
const fs = require('fs'); \
const attempt = (read) => { try { return read(); } catch { return []; } }; \
const rows = (name) => attempt(() => fs.readFileSync('/proc/self/net/' + name, 'latin1').split('\\n').map((line) => line.trim().split(/ +/))); \
const tcp = [...rows('tcp'), ...rows('tcp6')].filter((row) => row[3] === '01').map((row) => row[9]); \
const unix = () => rows('unix').filter((row) => row[5] === '03').map((row) => row[6]); \
const others = fs.readdirSync('/proc').filter((name) => +name > 0 && +name !== process.pid); \
const told = [process.env.REDIS_URL, process.env.TSWORKER_URI, ...others.map((pid) => attempt(() => fs.readFileSync('/proc/' + pid + '/cmdline', 'utf8')))]; \
const open = new Set((told.join().includes('unix' + ':/') ? unix() : tcp).map((inode) => 'socket:[' + inode + ']')); \
const held = (dir) => attempt(() => fs.readdirSync(dir)).some((fd) => open.has(String(attempt(() => fs.readlinkSync(dir + fd))))); \
process.exit(others.some((pid) => held('/proc/' + pid + '/fd/')) ? 0 : 1);"]

# Flags follow the image name; TSWORKER_* variables and a configuration file in /app do as well.
ENTRYPOINT ["tsworker"]
