import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { until } from './until.ts';

const REGISTRY = '/usr/bin/docker-registry';

/** Why there can be no registry here, or null. */
export const missingForRegistry = existsSync(REGISTRY) ? null : 'docker-registry is not installed';

export interface Registry {
  /** `127.0.0.1:<port>`; it speaks HTTP. */
  host: string;
  /** The blobs that were fetched so far, as `GET /v2/…/blobs/sha256:…` in its log. */
  fetchedBlobs(): string[];
  stop(): Promise<void>;
}

export interface RegistryOptions {
  /** A line of htpasswd(1), bcrypt: who may come in. */
  htpasswd?: string;
  /** Of loopback; default: a free one. */
  port?: number;
}

/** Starts Debian's docker-registry on loopback, with its data below `directory`. */
export async function startRegistry(directory: string, options: RegistryOptions = {}): Promise<Registry> {
  mkdirSync(directory, { recursive: true });
  const host = `127.0.0.1:${options.port ?? (await freePort())}`;
  const config = path.join(directory, 'config.yml');
  const passwords = path.join(directory, 'htpasswd');
  if (options.htpasswd !== undefined) writeFileSync(passwords, `${options.htpasswd}\n`);
  const auth = options.htpasswd === undefined ? '' : `auth: {htpasswd: {realm: test, path: ${passwords}}}\n`;
  writeFileSync(
    config,
    `version: 0.1\nstorage: {filesystem: {rootdirectory: ${path.join(directory, 'data')}}}\nhttp: {addr: ${host}}\n${auth}`,
  );
  const log = path.join(directory, 'log');
  const child = spawn('sh', ['-c', 'exec "$1" serve "$2" >"$3" 2>&1', 'sh', REGISTRY, config, log], {
    stdio: 'ignore',
  });
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => {
      resolve();
    }),
  );
  await until(async () => (await fetch(`http://${host}/v2/`).catch(() => null)) !== null, {
    what: 'the registry answers',
  });
  return {
    host,
    fetchedBlobs: () =>
      [...readFileSync(log, 'utf8').matchAll(/"GET \/v2\/\S+\/blobs\/(sha256:[0-9a-f]{64}) HTTP/g)].map(
        ([, digest = '']) => digest,
      ),
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** One of loopback that nobody has at the moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
      });
    });
  });
}
