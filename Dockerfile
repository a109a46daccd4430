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

# The daemon is process 1 and handles signals itself: TERM lets running jobs end, puts back what was not started, and
# leaves. `docker stop` kills after 10 seconds: give `-t`, or `-grace` below it, to longer jobs.
STOPSIGNAL SIGTERM

# Healthy: process 1 holds an established connection (to Redis, as long as your jobs open none of their own). It says
# nothing about progress: for that look at workers:heartbeat in Redis, where live workers beat once a minute.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=4 CMD ["node", "-e", "\
const fs = require('fs'); \
const read = (name) => { try { return fs.readFileSync('/proc/1/net/' + name, 'latin1').split('\\n').map((line) => line.trim().split(/ +/)); } catch { return []; } }; \
const tcp = [...read('tcp'), ...read('tcp6')].filter((row) => row[3] === '01').map((row) => row[9]); \
const unix = read('unix').filter((row) => row[5] === '03').map((row) => row[6]); \
const link = (fd) => { try { return fs.readlinkSync('/proc/1/fd/' + fd); } catch { return ''; } }; \
const own = new Set(fs.readdirSync('/proc/1/fd').map(link)); \
process.exit([...tcp, ...unix].some((inode) => own.has('socket:[' + inode + ']')) ? 0 : 1);"]

# Flags follow the image name; TSWORKER_* variables and a configuration file in /app do as well.
ENTRYPOINT ["tsworker"]
