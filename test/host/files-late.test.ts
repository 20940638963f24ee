import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ContainerRequest } from '../../schemas/index.ts';
import { outputOfRequest } from '../support/container-output.ts';
import { testUnless } from '../support/skip.ts';
import { logText, withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';
import { until } from '../support/until.ts';

const TOOLS = ['/usr/sbin/ip', '/usr/bin/nsenter'];
const missing = TOOLS.filter((tool) => !existsSync(tool));
const testWithTools = testUnless(
  test,
  missing.length === 0 ? null : `this host has no ${missing.join(', ')}`,
);

/** Gives the network namespace of a process an address, as a network driver does after the runtime has made it. */
function addAddress(pid: number, address: string): void {
  execFileSync('nsenter', [
    `--net=/proc/${String(pid)}/ns/net`,
    'ip',
    'address',
    'add',
    address,
    'dev',
    'lo',
  ]);
}

async function pidOf(engine: TestEngine, request: ContainerRequest): Promise<number> {
  const { pid } = await engine.containers.observe(request);
  if (pid === null) throw new Error('expected a process');
  return pid;
}

testWithTools(
  '[files.hosts-late] an address that comes between creation and start stands in the file that is mounted already',
  async () => {
    await withEngine(async (engine) => {
      const request = engine.request('cat /etc/hosts; stat -c %i /etc/hosts; sleep 1000', {
        hostname: 'front',
      });
      await engine.containers.create(request);
      const file = path.join(engine.parts.paths.container(request.id).files, 'etc-hosts');
      assert.match(readFileSync(file, 'utf8'), /^127\.0\.0\.1\tfront web1$/m);
      const { ino } = statSync(file);
      addAddress(await pidOf(engine, request), '10.77.0.5/32');
      await engine.containers.start(request);
      const log = (): string => logText(readFileSync(engine.containers.logPaths(request).current, 'utf8'));
      await until(() => log().includes(String(ino)), { what: 'it has been read', timeoutMs: 60_000 });
      const seen = log();
      assert.match(seen, /^10\.77\.0\.5\tfront web1$/m);
      assert.not.match(seen, /^127\.0\.0\.1\tfront/m);
      assert.match(seen, /^127\.0\.0\.1\tlocalhost$/m);
      assert.is(statSync(file).ino, ino, 'it is the same file');
    });
  },
);

testWithTools(
  '[files.hosts-late] a hook that the runtime calls sets up the network, of a container with a user namespace too',
  async () => {
    await withEngine(async (engine) => {
      execFileSync('chmod', ['711', engine.directory]);
      const hooksDirectory = path.join(engine.directory, 'hooks');
      const script = path.join(engine.directory, 'network.sh');
      mkdirSync(hooksDirectory);
      writeFileSync(
        script,
        `#!/bin/sh
pid=$(sed 's/.*"pid": *\\([0-9]*\\).*/\\1/')
exec nsenter --net=/proc/$pid/ns/net ip address add 10.77.0.6/32 dev lo
`,
        { mode: 0o755 },
      );
      const hook = { version: '1.0.0', hook: { path: script, env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'] } };
      writeFileSync(
        path.join(hooksDirectory, 'network.json'),
        JSON.stringify({ ...hook, when: { always: true }, stages: ['createRuntime'] }),
      );
      for (const spec of [{}, { userns: { mode: 'auto' } }]) {
        const request = engine.request('cat /etc/hosts', {
          ...spec,
          hostname: 'front',
          hooksDirs: [hooksDirectory],
        });
        assert.match(await outputOfRequest(engine, request), /^10\.77\.0\.6\tfront web\d$/m);
      }
    });
  },
);

testWithTools(
  '[files.hosts-late] without an address of its own a container keeps the names on loopback',
  async () => {
    await withEngine(async (engine) => {
      const request = engine.request('cat /etc/hosts', { hostname: 'front' });
      assert.match(await outputOfRequest(engine, request), /^127\.0\.0\.1\tfront web1$/m);
    });
  },
);

test('[files.nameserver-live] name servers that the manifest adds and takes away come and go in a running container', async () => {
  await withEngine(async (engine) => {
    const withServers = (nameservers: string[]): object => ({
      dnsConfig: { nameservers, searches: ['a.example'] },
    });
    const request = engine.request('sleep 1000', withServers(['192.0.2.1']));
    await engine.containers.create(request);
    await engine.containers.start(request);
    const inside = async (): Promise<string> =>
      (
        await engine.containers.exec(request, { command: ['cat', '/etc/resolv.conf'], timeoutMs: 60_000 })
      ).output.trim();
    assert.is(await inside(), 'search a.example\nnameserver 192.0.2.1');
    const { pid } = await engine.containers.observe(request);
    for (const nameservers of [['192.0.2.53', '192.0.2.1'], ['192.0.2.53']]) {
      await engine.containers.update({ ...request, spec: { ...request.spec, ...withServers(nameservers) } });
      const lines = nameservers.map((server) => `nameserver ${server}`);
      assert.is(await inside(), ['search a.example', ...lines].join('\n'));
    }
    assert.is((await engine.containers.observe(request)).pid, pid, 'it has gone on');
  });
});

test.run();
