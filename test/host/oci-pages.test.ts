import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findProgram, OWN_CRIU } from '../../engine/host.ts';
import { goesOn, missingForBundles, withBundle } from '../support/bare-container.ts';
import { testUnless } from '../support/skip.ts';
import { until } from '../support/until.ts';

const missing = await missingForBundles();
const onHost = testUnless(test, missing);
const withLazyPages = testUnless(test, missing ?? missingForLazyPages());

/** CRIU hands pages through pipes of more than 3 MiB, which only CAP_SYS_RESOURCE or a higher limit allows. */
function missingForLazyPages(): string | null {
  const mask = /^CapEff:\s+(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const maxBytes = Number(readFileSync('/proc/sys/fs/pipe-max-size', 'utf8'));
  if ((BigInt(`0x${mask}`) & (1n << 24n)) !== 0n || maxBytes >= 4 << 20) return null;
  return `needs CAP_SYS_RESOURCE, or fs.pipe-max-size of 4 MiB; it has ${maxBytes} bytes`;
}

function startCriu(...args: string[]): ChildProcess {
  return spawn(findProgram('criu', [OWN_CRIU]) ?? 'criu', args, { stdio: 'ignore' });
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function isListening(port: number): boolean {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  const lines = ['tcp', 'tcp6'].flatMap((name) => readFileSync(`/proc/net/${name}`, 'utf8').split('\n'));
  return lines.some((line) => line.includes(wanted) && line.includes(' 0A '));
}

const unchanged = () => undefined;

onHost(
  '[criu.page-server] memory goes to a page server, and comes back from where that has put it',
  async () => {
    await withBundle(unchanged, async (container) => {
      const { call, callInto, directory } = container;
      const [images, elsewhere] = [path.join(directory, 'images'), path.join(directory, 'elsewhere')];
      mkdirSync(elsewhere);
      await callInto('create', 'web');
      call('start', 'web');
      await goesOn(container);
      const port = await freePort();
      const server = startCriu('page-server', '--images-dir', elsewhere, '--port', String(port));
      try {
        await until(() => isListening(port), { what: 'the page server listens' });
        const saved = call('checkpoint', '--image-path', images, '--page-server', `127.0.0.1:${port}`, 'web');
        assert.is(saved.status, 0, saved.output);
      } finally {
        server.kill('SIGKILL');
      }
      const pages = (place: string) => readdirSync(place).filter((name) => name.startsWith('pages-'));
      assert.equal(pages(images), []);
      assert.ok(pages(elsewhere).length > 0);
      cpSync(elsewhere, images, { recursive: true });
      assert.is(await callInto('restore', '--detach', '--image-path', images, 'web'), 0);
      await goesOn(container);
    });
  },
);

withLazyPages('[criu.lazy] a container runs elsewhere while its memory still arrives', async () => {
  await withBundle(unchanged, async (container) => {
    const { call, callInto, directory, bundle } = container;
    const [images, work] = [path.join(directory, 'images'), path.join(directory, 'work')];
    mkdirSync(work);
    await callInto('create', 'web');
    call('start', 'web');
    await goesOn(container);
    const port = String(await freePort());
    const saved = callInto(
      ...['checkpoint', '--image-path', images, '--lazy-pages', '--page-server', `127.0.0.1:${port}`, 'web'],
    );
    await until(() => isListening(Number(port)), { what: 'its pages can be fetched' });
    const daemon = startCriu(
      ...['lazy-pages', '--page-server', '--address', '127.0.0.1', '--port', port, '-D', images, '-W', work],
    );
    try {
      const socket = path.join(work, 'lazy-pages.socket');
      await until(() => existsSync(socket), { what: 'it waits for the restore' });
      // The one that is saved is there until the last of its pages has gone.
      const config = path.join(bundle, 'config.json');
      writeFileSync(config, readFileSync(config, 'utf8').replace('/web"', '/other"'));
      const places = ['--image-path', images, '--work-path', work];
      assert.is(await callInto('restore', '--detach', '--lazy-pages', ...places, 'other'), 0);
      await goesOn(container);
      assert.is(await saved, 0);
    } finally {
      daemon.kill('SIGKILL');
      call('delete', '--force', 'other');
    }
  });
});

test.run();
